// Every page that can be visited without doing something, as staff and as a customer: where it is and what its picture is called.
import { cases } from './browser.mjs';

export const staffPages = [
  ['/', 'queue'],
  [`/cases/${cases.off}`, 'case'],
  ['/approvals', 'approvals'],
  ['/triage', 'triage'],
  ['/servers', 'servers'],
  ['/servers/srv-1001', 'server'],
  ['/tickets', 'tickets'],
  ['/tickets/T-1', 'ticket'],
  ['/customers', 'customers'],
  ['/customers/1001', 'customer'],
  ['/network', 'network'],
  ['/audits', 'audits'],
  ['/terms', 'terms'],
  ['/statistics', 'statistics'],
  ['/detectors', 'detectors'],
  ['/policies', 'policies'],
  ['/outbox', 'outbox'],
  ['/audit-log', 'audit-log'],
  ['/settings', 'settings'],
  ['/account', 'account'],
  ['/tokens', 'tokens'],
];

/** What only an administrator may open. */
export const adminPages = [
  ['/users', 'users'],
  ['/webhooks', 'webhooks'],
];

export const customerPages = [
  ['/', 'overview'],
  ['/cases', 'my-cases'],
  [`/cases/${cases.phishing}`, 'my-case'],
  ['/servers', 'my-servers'],
  ['/servers/srv-1001', 'my-server'],
  ['/servers/srv-1003', 'my-server-off'],
  ['/tickets', 'my-tickets'],
  ['/tickets/T-1', 'my-ticket'],
  ['/tickets/new', 'new-ticket'],
  ['/audits', 'my-audits'],
  ['/terms', 'my-terms'],
  ['/profile', 'profile'],
  ['/account', 'my-account'],
  ['/tokens', 'my-tokens'],
];
