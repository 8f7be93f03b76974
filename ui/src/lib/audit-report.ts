/** An audit's report (JSON lines, as the host's agent wrote them) as people read it. It comes from a machine that may be in an attacker's hands: text is shown, never obeyed. Pure. */
export interface AuditFinding {
  severity: string;
  subject: string;
  what: string;
  first: string;
}

const most = 500; // findings shown; the rest is in the file

export function findingsOf(report: string): AuditFinding[] {
  const text = (value: unknown) => (typeof value === 'string' ? value : '');
  const findings: AuditFinding[] = [];
  for (const line of report.split('\n')) {
    let one: Record<string, unknown>;
    try {
      one = JSON.parse(line) as Record<string, unknown>;
    } catch {
      continue;
    }
    if (one['type'] === 'finding' && findings.length < most) {
      findings.push({ severity: text(one['severity']), subject: text(one['subject']), what: text(one['what']), first: text(one['first']) });
    }
  }
  return findings;
}
