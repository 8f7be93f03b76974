/** Numbers, times and sizes as people read them. Pure: `now` is passed in. */

const units: readonly [number, string][] = [
  [86_400, 'd'],
  [3_600, 'h'],
  [60, 'min'],
  [1, 's'],
];

/** "2 d 3 h", "40 min": the two largest units, rounded down; never "0 h". */
export function span(seconds: number): string {
  let left = Math.floor(Math.abs(seconds));
  const parts: string[] = [];
  for (const [length, name] of units) {
    const count = Math.floor(left / length);
    if (count > 0 && parts.length < 2) {
      parts.push(`${count} ${name}`);
      left -= count * length;
    } else if (parts.length > 0) {
      break;
    }
  }
  return parts.length > 0 ? parts.join(' ') : '0 s';
}

/** 2026-11-26 12:04 UTC. */
export function utc(time: string | Date): string {
  const date = typeof time === 'string' ? new Date(time) : time;
  return Number.isNaN(date.getTime()) ? '—' : `${date.toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}

export function secondsUntil(time: string, now: Date): number {
  return (new Date(time).getTime() - now.getTime()) / 1000;
}

/** Decimal, as networks count: 1.2 Gbit/s. */
export function bitRate(bps: number): string {
  return scaled(bps, 1000, ['bit/s', 'kbit/s', 'Mbit/s', 'Gbit/s', 'Tbit/s']);
}

/** The same without digits that say nothing, for an axis: 50 Mbit/s. */
export function roundRate(bps: number): string {
  return bps === 0 ? '0' : bitRate(bps).replace(/\.(\d*?)0+ /, (_, digits: string) => (digits ? `.${digits} ` : ' '));
}

export function byteSize(bytes: number): string {
  return scaled(bytes, 1000, ['B', 'kB', 'MB', 'GB', 'TB', 'PB']);
}

function scaled(value: number, step: number, names: readonly string[]): string {
  let index = 0;
  let left = value;
  while (left >= step && index < names.length - 1) {
    left /= step;
    index += 1;
  }
  const digits = left >= 100 || index === 0 ? 0 : left >= 10 ? 1 : 2;
  return `${left.toFixed(digits)} ${names[index]}`;
}

/** A prefix of one address is written as the address. */
export function plainAddress(prefix: string): string {
  return prefix.replace(/^([\d.]+)\/32$|^(.*:.*)\/128$/, '$1$2');
}

/** Times that stand in a sentence of the desk, as people read them: 2026-11-26 12:04:59 UTC. */
export function plainTimes(text: string): string {
  return text.replace(/(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)(?:\.\d+)?Z/g, '$1 $2 UTC');
}

/** What a browser says of itself, as people know it: "Firefox · Windows". What is not known is shown as it came. */
export function browserName(agent: string): string {
  const first = (names: readonly [RegExp, string][]) => names.find(([pattern]) => pattern.test(agent))?.[1];
  const browser = first([
    [/Edg\//, 'Edge'],
    [/OPR\//, 'Opera'],
    [/Firefox\//, 'Firefox'],
    [/Chrome\//, 'Chrome'],
    [/Safari\//, 'Safari'],
  ]);
  const system = first([
    [/Android/, 'Android'],
    [/iPhone|iPad/, 'iOS'],
    [/Windows/, 'Windows'],
    [/Mac OS X/, 'macOS'],
    [/Linux/, 'Linux'],
  ]);
  return browser ? [browser, system].filter(Boolean).join(' · ') : agent || '—';
}
