/** Bandwidth points as a plot and a table want them. Pure. */
import type { Schema } from './api';

type Point = Schema['Bandwidth']['points'][number];

/** Seconds since 1970 and both rates; a null where a point is missing, so that a gap is drawn as one. */
export function withGaps(points: readonly Point[]): { at: number[]; in: (number | null)[]; out: (number | null)[] } {
  const at: number[] = [];
  const inward: (number | null)[] = [];
  const outward: (number | null)[] = [];
  let end = Number.NEGATIVE_INFINITY;
  for (const p of points) {
    const start = Date.parse(p.at) / 1000;
    if (start > end + 1 && at.length > 0) {
      at.push(end);
      inward.push(null);
      outward.push(null);
    }
    at.push(start);
    inward.push(p.in_bps);
    outward.push(p.out_bps);
    end = start + p.minutes * 60;
  }
  return { at, in: inward, out: outward };
}

export interface Hour {
  at: string;
  in_bps: number;
  out_bps: number;
}

/** The highest rates of each hour: few enough rows to read. */
export function hourly(points: readonly Point[]): Hour[] {
  const hours = new Map<string, Hour>();
  for (const p of points) {
    const at = `${p.at.slice(0, 13)}:00:00Z`;
    const hour = hours.get(at) ?? { at, in_bps: 0, out_bps: 0 };
    hour.in_bps = Math.max(hour.in_bps, p.in_bps);
    hour.out_bps = Math.max(hour.out_bps, p.out_bps);
    hours.set(at, hour);
  }
  return [...hours.values()];
}
