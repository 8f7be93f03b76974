/**
 * The pages' words: one file a language, of which a visitor fetches his own. Every language has every word (a test sees to it).
 * `t('case.deadline', { in: '3 h' })` fills `{in}`.
 */
import type en from '../words/en.json';

export type Key = keyof typeof en;
type Dictionary = Partial<Record<Key, string>>;

const languages: Record<string, () => Promise<{ default: Dictionary }>> = {
  en: () => import('../words/en.json'),
  de: () => import('../words/de.json'),
};

let language = $state('en');
let dictionary = $state.raw<Dictionary>({});

export function currentLanguage(): string {
  return language;
}

export async function useLanguage(wanted: string): Promise<void> {
  language = wanted in languages ? wanted : 'en';
  dictionary = (await languages[language]?.())?.default ?? {};
  document.documentElement.lang = language;
}

/** The language to begin with, before anybody has logged in. */
export function browserLanguage(): string {
  const known = navigator.languages.map((l) => l.slice(0, 2)).find((l) => l in languages);
  return known ?? 'en';
}

export function fill(text: string, values: Record<string, string | number>): string {
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => (name in values ? String(values[name]) : whole));
}

export function t(key: Key, values: Record<string, string | number> = {}): string {
  return fill(dictionary[key] ?? '', values);
}

/** A word of a fixed set ("state.sent"); what is not in the dictionary is shown with blanks for underscores, so that a new word is never hidden. */
export function word(group: string, value: string): string {
  const key = `${group}.${value}` as Key;
  return dictionary[key] ?? value.replaceAll('_', ' ');
}
