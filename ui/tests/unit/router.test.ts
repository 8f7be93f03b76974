// The router reads the browser's address when it is loaded: a small stand-in for it, before the import.
import { describe, expect, it, vi } from 'vitest';

vi.stubGlobal('location', { pathname: '/app/cases/PF-7', search: '', origin: 'http://desk.example' });
const { currentPath, href, match } = await import('../../src/lib/router.svelte');

const routes = [{ path: '/' }, { path: '/tickets/new' }, { path: '/tickets/:ticket' }, { path: '/servers/:server' }];

describe('the router', () => {
  it('shows the page below /app', () => expect(currentPath()).toBe('/cases/PF-7'));
  it('takes the first pattern that fits', () => {
    expect(match(routes, '/tickets/new')?.params).toEqual({});
    expect(match(routes, '/tickets/T-3')?.params).toEqual({ ticket: 'T-3' });
  });
  it('decodes what stands in the path', () => expect(match(routes, '/servers/a%2Fb')?.params).toEqual({ server: 'a/b' }));
  it('knows what it does not know', () => expect(match(routes, '/servers')).toBeUndefined());
  it('makes addresses that the server leads back here', () => expect(href('/servers')).toBe('/app/servers'));
});
