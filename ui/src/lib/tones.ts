/** How alarming a word is. What the table does not know is still: a new word never cries wolf. */
export type Tone = 'bad' | 'warn' | 'good' | 'info' | 'still';

export const signs: Record<Tone, string> = { bad: '▲', warn: '◆', good: '✓', info: '●', still: '○' };

const tones: Record<string, Record<string, Tone>> = {
  state: {
    triage: 'info',
    warning_queued: 'info',
    sent: 'info',
    delivered: 'info',
    undeliverable: 'bad',
    answered: 'good',
    disputed: 'warn',
    second_notice: 'warn',
    silent: 'warn',
    disable_pending: 'bad',
    disabled: 'bad',
    discussed: 'info',
    enabling: 'info',
    probation: 'warn',
    action_failed: 'bad',
    false_positive: 'still',
    closed: 'still',
  },
  severity: { info: 'still', low: 'info', medium: 'warn', high: 'bad', critical: 'bad' },
  port: { up: 'good', down: 'bad', unknown: 'warn', unmapped: 'still' },
  outcome: { pass: 'good', hold: 'warn', refuse: 'bad' },
  action: { waits: 'warn', held: 'warn', queued: 'info', sent: 'info', verified: 'info', silent: 'good', failed: 'bad', dropped: 'still', observed: 'still' },
  ticket: { waits_for_staff: 'warn', waits_for_customer: 'info', closed: 'still' },
  contact: { reachable: 'good', unverified: 'warn', failing: 'bad' },
  notice: { queued: 'info', observed: 'still', submitted: 'info', delivered: 'good', failed: 'bad' },
  job: { queued: 'info', claimed: 'info', done: 'good', failed: 'bad' },
  report: { triage: 'warn', found: 'good', not_ours: 'still', discarded: 'still' },
  audit: { ordered: 'info', consented: 'info', run: 'warn', read: 'good' },
  delivery: { queued: 'info', delivered: 'good', failed: 'bad' },
  webhook: { on: 'good', off: 'still' },
  flag: { yes: 'good', no: 'still' },
  health: { good: 'good', bad: 'bad' },
  breakerState: { closed: 'good', open: 'bad' },
  stop: { off: 'good', on: 'bad' },
};

export function toneOf(group: string, value: string): Tone {
  return tones[group]?.[value] ?? 'still';
}
