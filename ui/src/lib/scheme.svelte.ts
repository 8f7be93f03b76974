/** Light, dark, or as the system says; this browser remembers. */
export type Scheme = 'auto' | 'light' | 'dark';
const stored = 'pinfold-scheme';

function read(): Scheme {
  const value = localStorage.getItem(stored);
  return value === 'light' || value === 'dark' ? value : 'auto';
}

let scheme = $state<Scheme>(read());

export function currentScheme(): Scheme {
  return scheme;
}

export function setScheme(to: Scheme): void {
  scheme = to;
  localStorage.setItem(stored, to);
  document.documentElement.dataset.scheme = to;
}

export function startScheme(): void {
  document.documentElement.dataset.scheme = scheme;
}
