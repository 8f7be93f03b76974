/** The contract's fixed sets, where a page offers them to choose from; the compiler holds them to the contract. */
import type { Schema } from './api';

export const abuseClasses: readonly Schema['AbuseClass'][] = [
  'port_scan',
  'flood',
  'brute_force',
  'spam',
  'bandwidth_burst',
  'reflector',
  'file_sharing',
  'malicious_script',
  'vulnerable_app',
  'phishing',
  'malware_hosting',
  'copyright',
  'compromised',
  'open_service',
  'other',
];
export const statements: readonly Schema['Statement'][] = ['looking', 'fixed', 'intended', 'not_mine'];
export const ticketKinds: readonly Schema['TicketKind'][] = ['suspicious', 'question', 'audit_request', 'appeal', 'other'];
export const customerRoles: readonly Schema['Role'][] = ['owner', 'member'];
export const staffRoles: readonly Schema['Role'][] = ['support', 'abuse', 'sysadmin', 'admin'];
export const scopes: readonly Schema['Scope'][] = [
  'cases:read',
  'cases:write',
  'servers:read',
  'tickets:read',
  'tickets:write',
  'customers:read',
  'reports:read',
  'reports:write',
  'network:read',
  'desk:read',
  'port:disable',
  'port:enable',
];
