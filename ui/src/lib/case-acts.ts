/** What staff can do to a case as it stands. The desk decides again when it is asked; this only keeps hopeless buttons off the page. Pure. */
import type { Schema } from './api';

export type Act = 'note' | 'assign' | 'answer' | 'object' | 'decide' | 'judge' | 'order' | 'discuss' | 'close';
export interface Offer {
  act: Act;
  operation: string;
  danger?: boolean;
}

export function actsOf(c: Schema['CaseDetail']): Offer[] {
  const offers: Offer[] = [
    { act: 'note', operation: 'noteCase' },
    { act: 'assign', operation: 'assignCase' },
  ];
  if (c.unjudged_mails.length > 0) {
    offers.push({ act: 'judge', operation: 'judgeMail' });
  }
  if (c.objection_since) {
    offers.push({ act: 'decide', operation: 'decideObjection' });
  }
  if (!c.closed) {
    if (c.may_answer) {
      offers.push({ act: 'answer', operation: 'answerCase' });
    }
    if (!c.objection_since) {
      offers.push({ act: 'object', operation: 'objectToCase' });
    }
    if (c.state === 'disabled' || c.state === 'discussed') {
      offers.push({ act: 'discuss', operation: 'recordDiscussion' });
    } else {
      offers.push({ act: 'order', operation: 'orderMeasure', danger: true });
    }
    offers.push({ act: 'close', operation: 'closeCase' });
  }
  return offers;
}
