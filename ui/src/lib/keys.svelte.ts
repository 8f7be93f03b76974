/**
 * Single-letter keys of the staff pages (j, k, o, x, n, a, /, ?). Off while somebody types or a dialog is open; off altogether by a switch in the
 * account's page (WCAG 2.1.4), which this browser remembers. None of them changes anything by itself.
 */
const stored = 'pinfold-keys';

let on = $state(localStorage.getItem(stored) !== 'off');

export function keysAreOn(): boolean {
  return on;
}
export function switchKeys(to: boolean): void {
  on = to;
  localStorage.setItem(stored, to ? 'on' : 'off');
}

export type Keys = Record<string, () => void>;

/** A handler for <svelte:window onkeydown>. */
export function handler(keys: () => Keys): (event: KeyboardEvent) => void {
  return (event) => {
    const target = event.target as Element;
    if (!on || event.ctrlKey || event.metaKey || event.altKey || target.closest?.('input, textarea, select, [contenteditable], dialog[open]')) {
      return;
    }
    const act = keys()[event.key];
    if (act) {
      event.preventDefault();
      act();
    }
  };
}
