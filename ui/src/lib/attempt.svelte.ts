/** What a person tried on a page: what went wrong with it, or what follows. */
import type { ApiError } from './api';
import { asApiError } from './load.svelte';

export class Attempt {
  problem = $state.raw<ApiError | undefined>(undefined);

  /** True when it went well, and what follows has been done too. */
  async run(call: () => Promise<unknown>, then: () => unknown = () => {}): Promise<boolean> {
    this.problem = undefined;
    try {
      await call();
      await then();
      return true;
    } catch (error) {
      this.problem = asApiError(error);
      return false;
    }
  }
}
