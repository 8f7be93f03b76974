/** Slow work of the desk (202, /v1/actions/{id}): asked for again, a little less often each time, until it ends. */
import { api, ok, type Schema } from './api';

export type Action = Schema['Action'];

const firstWaitMs = 150;
const longestWaitMs = 2_000;

/** Resolves with the ended action; `progress` is told on the way. Throws ApiError when the desk no longer knows it. */
export async function followAction(begun: Action, progress: (action: Action) => void): Promise<Action> {
  let action = begun;
  let wait = firstWaitMs;
  while (action.state === 'running') {
    progress(action);
    await new Promise((resolve) => setTimeout(resolve, wait));
    wait = Math.min(wait * 1.5, longestWaitMs);
    action = await ok(api.GET('/v1/actions/{action}', { params: { path: { action: action.id } } }));
  }
  return action;
}
