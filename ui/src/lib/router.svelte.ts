/**
 * Which page is shown: the path below /app, matched against a table of patterns ("/cases/:case"). Links are ordinary <a href>; a click on one of ours is
 * taken here, so that the address, the back button and opening in a new tab all work as everywhere.
 */
export const base = '/app';

export interface Match<R> {
  route: R;
  params: Record<string, string>;
}

/** The first route whose pattern fits; parameters are decoded. Pure. */
export function match<R extends { path: string }>(routes: readonly R[], path: string): Match<R> | undefined {
  const given = path.split('/').filter(Boolean);
  for (const route of routes) {
    const wanted = route.path.split('/').filter(Boolean);
    if (wanted.length !== given.length) {
      continue;
    }
    const params: Record<string, string> = {};
    const fits = wanted.every((part, i) => {
      const value = given[i] ?? '';
      if (part.startsWith(':')) {
        params[part.slice(1)] = decodeURIComponent(value);
        return true;
      }
      return part === value;
    });
    if (fits) {
      return { route, params };
    }
  }
  return undefined;
}

let path = $state(inside(location.pathname));
let query = $state.raw(new URLSearchParams(location.search));

function inside(pathname: string): string {
  return pathname.startsWith(base) ? pathname.slice(base.length) || '/' : '/';
}

export function currentPath(): string {
  return path;
}
export function currentQuery(): URLSearchParams {
  return query;
}

function read(): void {
  path = inside(location.pathname);
  query = new URLSearchParams(location.search);
}

export function href(to: string): string {
  return base + to;
}

export function go(to: string, replace = false): void {
  history[replace ? 'replaceState' : 'pushState']({}, '', href(to));
  read();
}

/** Only the query, without a new entry in the history: filters, sorting. */
export function setQuery(values: Record<string, string | undefined>): void {
  const next = new URLSearchParams(query);
  for (const [name, value] of Object.entries(values)) {
    if (value) {
      next.set(name, value);
    } else {
      next.delete(name);
    }
  }
  const text = next.toString();
  go(path + (text ? `?${text}` : ''), true);
}

export function startRouter(): void {
  addEventListener('popstate', read);
  document.addEventListener('click', (event) => {
    if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) {
      return;
    }
    const link = (event.target as Element).closest?.('a[href]');
    if (!(link instanceof HTMLAnchorElement) || link.target || link.hasAttribute('download') || link.origin !== location.origin) {
      return;
    }
    if (!link.pathname.startsWith(`${base}/`) && link.pathname !== base) {
      return;
    }
    event.preventDefault();
    go(inside(link.pathname) + link.search);
    scrollTo(0, 0);
    document.getElementById('main')?.focus({ preventScroll: true });
  });
}
