/**
 * The desk's API (docs/api/openapi.yaml) as typed calls: `api.GET('/v1/cases/{case}', …)`, types generated from the contract at build time.
 * Every call that changes something carries the session's CSRF token and an Idempotency-Key of its own; whoever repeats one on purpose passes the key.
 * Errors are thrown as `ApiError` by `ok`, with what a person is to read.
 */
import createClient, { type Middleware } from 'openapi-fetch';
import type { components, paths } from '../api/schema';

export type Schema = components['schemas'];
export type Problem = Schema['Problem'];

export class ApiError extends Error {
  readonly problem: Problem;
  constructor(problem: Problem) {
    super(problem.detail || problem.title);
    this.problem = problem;
  }
  get code(): string {
    return this.problem.code;
  }
  /** What is wrong with one field of a form. */
  field(name: string): string | undefined {
    return this.problem.errors?.find((e) => e.field === name)?.message;
  }
}

let csrf = '';
let onLoggedOut: () => void = () => {};

export function setCsrf(token: string): void {
  csrf = token;
}
/** Called when the desk no longer knows who we are. */
export function whenLoggedOut(f: () => void): void {
  onLoggedOut = f;
}

const credentials: Middleware = {
  onRequest({ request }) {
    if (request.method !== 'GET') {
      request.headers.set('X-CSRF-Token', csrf);
      if (request.method === 'POST' && !request.headers.has('Idempotency-Key')) {
        request.headers.set('Idempotency-Key', crypto.randomUUID());
      }
    }
    return request;
  },
};

export const api = createClient<paths>({ baseUrl: '/', credentials: 'same-origin' });
api.use(credentials);

interface Answer<T> {
  data?: T;
  error?: unknown;
  response: Response;
}

function problemOf(answer: Answer<unknown>): Problem {
  const given = answer.error;
  if (typeof given === 'object' && given !== null && 'code' in given) {
    return given as Problem;
  }
  const status = answer.response.status;
  return { type: 'about:blank', title: `The desk answered ${status}`, status, code: 'unavailable', request_id: '' };
}

/** The answer's data; throws ApiError. No connection at all is an ApiError too. */
export async function ok<T>(call: Promise<Answer<T>>): Promise<T> {
  return (await okWithTag(call)).data;
}

/** The same with the ETag, for If-Match of what is decided on it. */
export async function okWithTag<T>(call: Promise<Answer<T>>): Promise<{ data: T; etag: string }> {
  let answer: Answer<T>;
  try {
    answer = await call;
  } catch {
    throw new ApiError({ type: 'about:blank', title: 'No connection to the desk', status: 0, code: 'unavailable', request_id: '' });
  }
  if (!answer.response.ok) {
    const problem = problemOf(answer);
    if (problem.code === 'not_authenticated') {
      onLoggedOut();
    }
    throw new ApiError(problem);
  }
  return { data: answer.data as T, etag: answer.response.headers.get('ETag') ?? '' };
}
