import { describe, expect, it } from 'vitest';
import { actsOf } from '../../src/lib/case-acts';
import { findingsOf } from '../../src/lib/audit-report';
import { bitRate, browserName, byteSize, plainAddress, plainTimes, roundRate, secondsUntil, span, utc } from '../../src/lib/format';
import { parseMarkdown } from '../../src/lib/markdown';
import { area, line, rateMarks, timeMarks } from '../../src/lib/plot';
import { hourly, withGaps } from '../../src/lib/series';
import { toneOf } from '../../src/lib/tones';
import en from '../../src/words/en.json';
import de from '../../src/words/de.json';

describe('what a browser says of itself', () => {
  it.each([
    ['Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36', 'Chrome · Linux'],
    ['Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:142.0) Gecko/20100101 Firefox/142.0', 'Firefox · Windows'],
    ['Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 Mobile/15E148 Safari/604.1', 'Safari · iOS'],
    ['curl/8.5.0', 'curl/8.5.0'],
    ['', '—'],
  ])('%s reads as %s', (agent, text) => expect(browserName(agent)).toBe(text));
});

describe('the marks of an axis', () => {
  it.each([
    [0, '0'],
    [50_000_000, '50 Mbit/s'],
    [2_500_000, '2.5 Mbit/s'],
    [150_000_000, '150 Mbit/s'],
  ])('%d reads as %s', (rate, text) => expect(roundRate(rate)).toBe(text));
});

describe('spans', () => {
  it.each([
    [0, '0 s'],
    [59.9, '59 s'],
    [60, '1 min'],
    [3_600, '1 h'],
    [3_660, '1 h 1 min'],
    [90_061, '1 d 1 h'],
    [86_400 + 59, '1 d'],
    [-7_200, '2 h'],
  ])('%d s reads as %s', (seconds, text) => expect(span(seconds)).toBe(text));
});

describe('times and sizes', () => {
  it('are absolute, in UTC', () => expect(utc('2026-11-26T12:04:59+01:00')).toBe('2026-11-26 11:04 UTC'));
  it('never show nonsense for nonsense', () => expect(utc('soon')).toBe('—'));
  it('count down to a deadline', () => expect(secondsUntil('2026-01-01T00:00:10Z', new Date('2026-01-01T00:00:00Z'))).toBe(10));
  it('scale by thousands, as networks count', () => {
    expect(bitRate(999)).toBe('999 bit/s');
    expect(bitRate(1_000)).toBe('1.00 kbit/s');
    expect(bitRate(123_456_789)).toBe('123 Mbit/s');
    expect(byteSize(1_500_000)).toBe('1.50 MB');
  });
});

describe('what the desk writes', () => {
  it.each([
    ['192.0.2.11/32', '192.0.2.11'],
    ['192.0.2.0/24', '192.0.2.0/24'],
    ['2001:db8::12/128', '2001:db8::12'],
    ['2001:db8::/32', '2001:db8::/32'],
  ])('%s is shown as %s', (prefix, text) => expect(plainAddress(prefix)).toBe(text));
  it('has its times to the second', () => expect(plainTimes('now 2026-11-26T15:45:49.932008Z.')).toBe('now 2026-11-26 15:45:49 UTC.'));
});

describe('bandwidth', () => {
  const point = (at: string, out: number) => ({ at, minutes: 1, out_bps: out, in_bps: 1, out_pps: 0, in_pps: 0, estimate: false });
  const points = [point('2026-01-01T00:00:00Z', 5), point('2026-01-01T00:01:00Z', 7), point('2026-01-01T00:10:00Z', 9)];
  it('is drawn with its gaps', () => expect(withGaps(points).out).toEqual([5, 7, null, 9]));
  it('is tabled by the highest rate of each hour', () => expect(hourly(points)).toEqual([{ at: '2026-01-01T00:00:00Z', out_bps: 9, in_bps: 1 }]));
});

describe('a chart', () => {
  const same = (n: number) => n;
  it('marks whole hours of a day, and days of a month', () => {
    expect(timeMarks(0, 86_400, 4).map((m) => m.label)).toEqual(['01-01', '06:00', '12:00', '18:00', '01-02']);
    expect(timeMarks(0, 28 * 86_400, 6).map((m) => m.label)).toEqual(['01-01', '01-08', '01-15', '01-22', '01-29']);
  });
  it('marks rates in round steps that reach the highest', () => {
    expect(rateMarks(87e6)).toEqual([0, 25e6, 50e6, 75e6, 100e6]);
    expect(rateMarks(0)).toEqual([0, 0.25, 0.5, 0.75, 1]);
  });
  it('breaks its line at a gap', () => expect(line([0, 1, 2, 5], [1, 2, null, 3], same, same)).toBe('M0 1.0L1 2.0M5 3.0'));
  it('never averages a burst away', () => expect(line([0, 0.1, 0.2, 1], [1, 9, 2, 1], same, same)).toBe('M0 9.0L1 1.0'));
  it('fills each piece to the ground by itself', () => expect(area('M0 1.0L1 2.0M5 3.0', 9)).toBe('M0 9L0 1.0L1 2.0L1 9ZM5 9L5 3.0L5 9Z'));
});

describe('the policy of use', () => {
  it('is read as headings, paragraphs, lists and emphasis', () =>
    expect(parseMarkdown('# Rules\n\nBe **kind**.\n- one\n- two\n')).toEqual([
      { kind: 'heading', level: 1, runs: [{ text: 'Rules', strong: false }] },
      { kind: 'paragraph', runs: [{ text: 'Be ', strong: false }, { text: 'kind', strong: true }, { text: '.', strong: false }] },
      { kind: 'list', ordered: false, items: [[{ text: 'one', strong: false }], [{ text: 'two', strong: false }]] },
    ]));
  it('leaves out what only the desk reads', () =>
    expect(parseMarkdown('## No attacks <!-- classes: port_scan -->')).toEqual([{ kind: 'heading', level: 2, runs: [{ text: 'No attacks ', strong: false }] }]));
  it('shows markup as the text it is', () => expect(parseMarkdown('<script>x</script>')).toEqual([{ kind: 'paragraph', runs: [{ text: '<script>x</script>', strong: false }] }]));
});

describe("an audit's report", () => {
  it('shows findings only, and survives nonsense', () =>
    expect(findingsOf('{"type":"finding","severity":"high","subject":"/a","what":"w","first":7}\nnonsense\n{"type":"summary"}\n')).toEqual([
      { severity: 'high', subject: '/a', what: 'w', first: '' },
    ]));
});

describe('what staff can do to a case', () => {
  const base = { closed: false, may_answer: true, objection_since: null, unjudged_mails: [], state: 'delivered' };
  const acts = (change: object) => actsOf({ ...base, ...change } as unknown as Parameters<typeof actsOf>[0]).map((o) => o.act);
  it('offers the talk only where a port is off', () => {
    expect(acts({})).not.toContain('discuss');
    expect(acts({ state: 'disabled' })).toContain('discuss');
    expect(acts({ state: 'disabled' })).not.toContain('order');
  });
  it('leaves only notes on a closed case', () => expect(acts({ closed: true })).toEqual(['note', 'assign']));
  it('puts unclear mails and objections before people', () => expect(acts({ unjudged_mails: ['x'], objection_since: 'now' })).toEqual(expect.arrayContaining(['judge', 'decide'])));
});

describe('words', () => {
  it('are complete in German', () => expect(Object.keys(de).sort()).toEqual(Object.keys(en).sort()));
  it('have the same blanks to fill', () => {
    const blanks = (text: string) => [...text.matchAll(/\{(\w+)\}/g)].map((m) => m[1]).sort();
    for (const [key, text] of Object.entries(en)) {
      expect(blanks((de as Record<string, string>)[key] ?? ''), key).toEqual(blanks(text));
    }
  });
});

describe('tones', () => {
  it('never let a new word cry wolf', () => expect(toneOf('state', 'a_state_of_next_year')).toBe('still'));
  it('mark what needs a person', () => expect(toneOf('state', 'action_failed')).toBe('bad'));
});
