import { copyFileSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import { svelte } from '@sveltejs/vite-plugin-svelte';
import type { Plugin } from 'vite';
import { defineConfig } from 'vitest/config';

const output = '../../dist'; // of build/ui/work/ui

/** Leaves a .br and a .gz twin beside every file that is text, so that the server compresses nothing while it runs. */
function compressed(): Plugin {
  return {
    name: 'compressed',
    apply: 'build',
    closeBundle() {
      for (const entry of readdirSync(output, { recursive: true, withFileTypes: true })) {
        if (entry.isFile() && /\.(js|css|html|svg)$/.test(entry.name)) {
          const file = join(entry.parentPath ?? entry.path, entry.name);
          const bytes = readFileSync(file);
          writeFileSync(`${file}.br`, brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } }));
          writeFileSync(`${file}.gz`, gzipSync(bytes, { level: 9 }));
        }
      }
    },
  };
}

/** The letters' licence asks to go where the letters go. */
function licences(): Plugin {
  return {
    name: 'licences',
    apply: 'build',
    closeBundle() {
      copyFileSync('node_modules/@fontsource/ibm-plex-sans/LICENSE', `${output}/assets/ibm-plex-licence.txt`);
    },
  };
}

// The pages live under /app/ of the desk's own server, which serves the files of build/ui/dist out of the program (content-hashed, compressed).
// tools/build-ui builds a copy of this folder in build/ui/work/ui. There is no development server: pages are looked at on a real desk.
export default defineConfig({
  base: '/app/',
  plugins: [svelte(), licences(), compressed()],
  build: {
    outDir: output,
    emptyOutDir: true,
    target: 'es2022',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
  test: { include: ['tests/unit/**/*.test.ts'], environment: 'node' },
});
