/**
 * Every page: its path below /app, the operation of the contract that its visitor must be allowed to use, where it stands in the navigation, and its code,
 * fetched when it is first visited (a customer never loads the staff's pages).
 */
import type { Component } from 'svelte';
import type { Key } from './lib/words.svelte';

export interface Route {
  path: string;
  title: Key;
  needs?: string;
  /** Only for that side; both without. */
  side?: 'staff' | 'customer';
  nav?: 'first' | 'more';
  load: () => Promise<{ default: Component<{ params: Record<string, string> }> }>;
}

// Pages take what they need out of the path's parameters; the router hands it to all of them alike.
type Load = Route['load'];
const page = (load: () => Promise<{ default: unknown }>) => load as Load;

export const routes: readonly Route[] = [
  { path: '/', title: 'nav.queue', side: 'staff', needs: 'listCases', nav: 'first', load: page(() => import('./staff/Queue.svelte')) },
  { path: '/', title: 'nav.overview', side: 'customer', needs: 'getOverview', nav: 'first', load: page(() => import('./customer/Overview.svelte')) },
  { path: '/cases', title: 'nav.cases', side: 'customer', needs: 'listCases', nav: 'first', load: page(() => import('./customer/Cases.svelte')) },
  { path: '/cases/:case', title: 'nav.case', side: 'staff', needs: 'getCase', load: page(() => import('./staff/Case.svelte')) },
  { path: '/cases/:case', title: 'nav.case', side: 'customer', needs: 'getCase', load: page(() => import('./customer/Case.svelte')) },
  { path: '/approvals', title: 'nav.approvals', needs: 'listApprovals', nav: 'first', load: page(() => import('./staff/Approvals.svelte')) },
  { path: '/triage', title: 'nav.triage', needs: 'listReports', nav: 'first', load: page(() => import('./staff/Triage.svelte')) },
  { path: '/servers', title: 'nav.servers', needs: 'listServers', nav: 'first', load: page(() => import('./shared/Servers.svelte')) },
  { path: '/servers/:server', title: 'nav.server', needs: 'getServer', load: page(() => import('./shared/Server.svelte')) },
  { path: '/tickets', title: 'nav.tickets', needs: 'listTickets', nav: 'first', load: page(() => import('./shared/Tickets.svelte')) },
  { path: '/tickets/new', title: 'nav.newTicket', needs: 'openTicket', load: page(() => import('./shared/NewTicket.svelte')) },
  { path: '/tickets/:ticket', title: 'nav.ticket', needs: 'getTicket', load: page(() => import('./shared/Ticket.svelte')) },
  { path: '/customers', title: 'nav.customers', needs: 'listCustomers', nav: 'first', load: page(() => import('./staff/Customers.svelte')) },
  { path: '/customers/:customer', title: 'nav.customer', side: 'staff', needs: 'getCustomer', load: page(() => import('./staff/Customer.svelte')) },
  { path: '/network', title: 'nav.network', needs: 'listSwitches', nav: 'first', load: page(() => import('./staff/Network.svelte')) },
  { path: '/audits', title: 'nav.audits', needs: 'listAudits', nav: 'more', load: page(() => import('./shared/Audits.svelte')) },
  { path: '/terms', title: 'nav.terms', needs: 'listAupVersions', nav: 'more', load: page(() => import('./shared/Terms.svelte')) },
  { path: '/statistics', title: 'nav.statistics', needs: 'getStatistics', nav: 'more', load: page(() => import('./staff/Statistics.svelte')) },
  { path: '/detectors', title: 'nav.detectors', needs: 'listDetectors', nav: 'more', load: page(() => import('./staff/Detectors.svelte')) },
  { path: '/policies', title: 'nav.policies', needs: 'getPolicy', nav: 'more', load: page(() => import('./staff/Policies.svelte')) },
  { path: '/outbox', title: 'nav.outbox', needs: 'listOutbox', nav: 'more', load: page(() => import('./staff/Outbox.svelte')) },
  { path: '/audit-log', title: 'nav.auditLog', needs: 'listAuditLog', nav: 'more', load: page(() => import('./staff/AuditLog.svelte')) },
  { path: '/settings', title: 'nav.settings', needs: 'getSettings', nav: 'more', load: page(() => import('./staff/Settings.svelte')) },
  { path: '/users', title: 'nav.users', needs: 'listUsers', nav: 'more', load: page(() => import('./account/Users.svelte')) },
  { path: '/webhooks', title: 'nav.webhooks', needs: 'listWebhooks', nav: 'more', load: page(() => import('./account/Webhooks.svelte')) },
  { path: '/profile', title: 'nav.profile', side: 'customer', needs: 'getCustomer', nav: 'more', load: page(() => import('./customer/Profile.svelte')) },
  { path: '/account', title: 'nav.account', needs: 'getMe', nav: 'more', load: page(() => import('./account/Account.svelte')) },
  { path: '/tokens', title: 'nav.tokens', needs: 'listTokens', nav: 'more', load: page(() => import('./account/Tokens.svelte')) },
];
