/** Who is logged in, what the site is called, and what the person may do (operationIds of the contract). */
import { api, ok, setCsrf, whenLoggedOut, type Schema } from './api';
import { browserLanguage, useLanguage } from './words.svelte';

let me = $state.raw<Schema['Me'] | undefined>(undefined);
let site = $state.raw<Schema['Site'] | undefined>(undefined);
let known = $state(false);

export function whoAmI(): Schema['Me'] | undefined {
  return me;
}
export function theSite(): Schema['Site'] | undefined {
  return site;
}
/** False until the desk has said whether anybody is logged in. */
export function isKnown(): boolean {
  return known;
}
export function isStaff(): boolean {
  return me !== undefined && me.role !== 'owner' && me.role !== 'member';
}
export function may(operation: string): boolean {
  return me?.permissions.includes(operation) ?? false;
}

function enter(session: Schema['Session']): void {
  setCsrf(session.csrf);
  me = session.user;
}

function dress(given: Schema['Site']): void {
  site = given;
  document.title = given.name;
  for (const [token, value] of Object.entries(given.colours)) {
    document.documentElement.style.setProperty(`--site-${token.replaceAll('_', '-')}`, value);
  }
}

export async function startSession(): Promise<void> {
  whenLoggedOut(() => {
    me = undefined;
  });
  // All at once: what is seen first waits for the slowest of them, not for their sum.
  const [given, session] = await Promise.allSettled([ok(api.GET('/v1/site')), ok(api.GET('/v1/session')), useLanguage(browserLanguage())]);
  if (given.status === 'fulfilled') {
    dress(given.value);
  }
  if (session.status === 'fulfilled') {
    enter(session.value);
    await useLanguage(me?.language || browserLanguage());
  }
  known = true;
}

export async function logIn(login: string, password: string, totp: string): Promise<void> {
  enter(await ok(api.POST('/v1/session', { body: { login, password, ...(totp ? { totp } : {}) } })));
  await useLanguage(me?.language || browserLanguage());
}

export async function logOut(): Promise<void> {
  await ok(api.DELETE('/v1/session'));
  me = undefined;
}

export function setMe(given: Schema['Me']): void {
  me = given;
}
