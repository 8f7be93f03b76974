import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vitest/config';

// The pages live under /app/ of the desk's own server, which serves the files of build/ui/dist out of the program (content-hashed, compressed).
// `npm run dev` is not offered: pages are looked at on a real desk.
export default defineConfig({
  base: '/app/',
  plugins: [svelte()],
  build: {
    outDir: '../build/ui/dist',
    emptyOutDir: true,
    target: 'es2022',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
  test: { include: ['tests/unit/**/*.test.ts'], environment: 'node' },
});
