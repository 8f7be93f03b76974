/**
 * Changes as they happen (GET /v1/stream). One tab of a browser holds the stream, by a lock that passes on when it closes, and tells the others by a
 * BroadcastChannel: six tabs would otherwise use up all the connections that HTTP/1.1 allows to one place.
 * Pages subscribe; nothing on a page moves by itself: a list shows that there is news and loads it when asked.
 */
import type { Schema } from './api';

export type Change = Schema['Change'];
type Listener = (change: Change) => void;

const listeners = new Set<Listener>();
let live = $state(false);
let started = false;

export function isLive(): boolean {
  return live;
}

/** Returns what ends the subscription. */
export function onChange(listener: Listener): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function tell(change: Change): void {
  for (const listener of listeners) {
    listener(change);
  }
}

function holdStream(channel: BroadcastChannel): Promise<never> {
  const source = new EventSource('/v1/stream');
  const spread = (message: { change?: Change; live?: boolean }) => {
    channel.postMessage(message);
    receive(message);
  };
  source.addEventListener('change', (event) => spread({ change: JSON.parse((event as MessageEvent<string>).data) as Change }));
  source.addEventListener('open', () => spread({ live: true }));
  source.addEventListener('error', () => spread({ live: false }));
  return new Promise<never>(() => {}); // the lock is held until the tab closes
}

function receive(message: { change?: Change; live?: boolean }): void {
  if (message.live !== undefined) {
    live = message.live;
  }
  if (message.change) {
    live = true;
    tell(message.change);
  }
}

export function startStream(): void {
  if (started) {
    return;
  }
  started = true;
  const channel = new BroadcastChannel('pinfold');
  channel.addEventListener('message', (event: MessageEvent<{ change?: Change; live?: boolean }>) => receive(event.data));
  void navigator.locks.request('pinfold-stream', () => holdStream(channel));
}
