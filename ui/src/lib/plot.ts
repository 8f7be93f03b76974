/**
 * A chart over time as geometry: marks of both axes, and lines with their gaps. Pure.
 * Units: seconds since 1970, rates in bit/s, pixels. Cost: linear in the samples; a line has at most one point a pixel column.
 */
import { utc } from './format';

export interface Mark {
  value: number;
  label: string;
}

const steps = [300, 900, 1800, 3600, 2 * 3600, 3 * 3600, 6 * 3600, 12 * 3600, 86_400, 2 * 86_400, 7 * 86_400] as const; // seconds

/** At whole UTC times, at most `most` of them: "14:00" within a day, "11-26" over days. */
export function timeMarks(from: number, to: number, most: number): Mark[] {
  const step = steps.find((s) => (to - from) / s <= most) ?? 30 * 86_400;
  const marks: Mark[] = [];
  for (let at = Math.ceil(from / step) * step; at <= to; at += step) {
    const text = utc(new Date(at * 1000)); // 2026-11-26 14:00 UTC
    marks.push({ value: at, label: step >= 86_400 || at % 86_400 === 0 ? text.slice(5, 10) : text.slice(11, 16) });
  }
  return marks;
}

/** From zero in steps of 1, 2, 2.5 or 5 times a power of ten, up to just above `highest`. */
export function rateMarks(highest: number): number[] {
  const rough = Math.max(highest, 1) / 4;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 2.5, 5, 10].map((n) => n * power).find((s) => s >= rough) ?? 10 * power;
  return Array.from({ length: Math.ceil(Math.max(highest, 1) / step) + 1 }, (_, i) => i * step);
}

/** An SVG path; a null breaks it. Of samples in one pixel column the highest is drawn: a burst is never averaged away. */
export function line(at: readonly number[], values: readonly (number | null)[], x: (seconds: number) => number, y: (rate: number) => number): string {
  const parts: string[] = [];
  let column = Number.NaN;
  let highest = 0;
  let pen: 'M' | 'L' = 'M';
  const flush = () => {
    if (!Number.isNaN(column)) {
      parts.push(`${pen}${column} ${y(highest).toFixed(1)}`);
      pen = 'L';
    }
  };
  values.forEach((value, i) => {
    if (value === null) {
      flush();
      column = Number.NaN;
      pen = 'M';
      return;
    }
    const next = Math.round(x(at[i] ?? 0));
    if (next !== column) {
      flush();
      column = next;
      highest = value;
    } else {
      highest = Math.max(highest, value);
    }
  });
  flush();
  return parts.join('');
}

/** The same down to the ground, to be filled: each unbroken piece by itself. */
export function area(path: string, ground: number): string {
  return path
    .split('M')
    .filter(Boolean)
    .map((piece) => {
      const points = piece.split('L');
      const first = points[0]?.split(' ')[0] ?? '0';
      const last = points.at(-1)?.split(' ')[0] ?? '0';
      return `M${first} ${ground}L${piece}L${last} ${ground}Z`;
    })
    .join('');
}
