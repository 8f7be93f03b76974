/**
 * The pages' words. English is built in and complete; other languages are files beside it, fetched when they are wanted, and fall back to English
 * word by word. `t('case.deadline', { in: '3 h' })` fills `{in}`.
 */
import en from '../words/en.json';

export type Key = keyof typeof en;
type Dictionary = Partial<Record<Key, string>>;

const others: Record<string, () => Promise<{ default: Dictionary }>> = {
  de: () => import('../words/de.json'),
};

let language = $state('en');
let dictionary = $state.raw<Dictionary>(en);

export function currentLanguage(): string {
  return language;
}

export async function useLanguage(wanted: string): Promise<void> {
  const load = others[wanted];
  dictionary = load ? { ...en, ...(await load()).default } : en;
  language = load ? wanted : 'en';
  document.documentElement.lang = language;
}

/** The language to begin with, before anybody has logged in. */
export function browserLanguage(): string {
  const known = navigator.languages.map((l) => l.slice(0, 2)).find((l) => l === 'en' || l in others);
  return known ?? 'en';
}

export function fill(text: string, values: Record<string, string | number>): string {
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => (name in values ? String(values[name]) : whole));
}

export function t(key: Key, values: Record<string, string | number> = {}): string {
  return fill(dictionary[key] ?? en[key], values);
}

/** A word of a fixed set ("state.sent"); what is not in the dictionary is shown with blanks for underscores, so that a new word is never hidden. */
export function word(group: string, value: string): string {
  const key = `${group}.${value}` as Key;
  return dictionary[key] ?? en[key] ?? value.replaceAll('_', ' ');
}
