/**
 * Something that is being fetched, for one page: what there is so far, and what went wrong. A later `run` wins over an earlier one that answers late.
 */
import { ApiError } from './api';

export class Loaded<T> {
  value = $state.raw<T | undefined>(undefined);
  problem = $state.raw<ApiError | undefined>(undefined);
  busy = $state(false);
  #newest = 0;

  async run(fetch: () => Promise<T>): Promise<void> {
    const mine = ++this.#newest;
    this.busy = true;
    try {
      const value = await fetch();
      if (mine === this.#newest) {
        this.value = value;
        this.problem = undefined;
      }
    } catch (error) {
      if (mine === this.#newest) {
        this.problem = asApiError(error);
      }
    } finally {
      if (mine === this.#newest) {
        this.busy = false;
      }
    }
  }
}

export function asApiError(error: unknown): ApiError {
  if (error instanceof ApiError) {
    return error;
  }
  const title = error instanceof Error ? error.message : String(error);
  return new ApiError({ type: 'about:blank', title, status: 0, code: 'unavailable', request_id: '' });
}
