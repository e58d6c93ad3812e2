/*
 * SPDX-License-Identifier: Apache-2.0
 */
/** A range as the URL and the API carry it: relative (`now-1h`) or RFC 3339. */
export interface Range {
  from: string;
  to: string;
}

export const DEFAULT_RANGE: Range = { from: 'now-1h', to: 'now' };

/** Offered in the picker. */
export const PRESETS = ['now-5m', 'now-15m', 'now-30m', 'now-1h', 'now-3h', 'now-6h', 'now-12h', 'now-24h', 'now-2d', 'now-7d', 'now-30d', 'now-90d'] as const;

const UNIT_MS: Record<string, number> = { s: 1e3, m: 6e4, h: 36e5, d: 864e5, w: 6048e5 };

/** Epoch milliseconds of a bound; null when it cannot be read. */
export function boundToMs(bound: string, nowMs: number): number | null {
  if (bound === 'now') return nowMs;
  const relative = /^now-(\d{1,6})([smhdw])$/.exec(bound);
  if (relative) return nowMs - Number(relative[1]) * (UNIT_MS[relative[2] ?? ''] ?? 0);
  if (/^\d{12,14}$/.test(bound)) return Number(bound);
  const parsed = Date.parse(bound);
  return Number.isNaN(parsed) ? null : parsed;
}

/** Relative ranges move with the clock and are worth refreshing. */
export function isRelative(range: Range): boolean {
  return range.to === 'now' && range.from.startsWith('now');
}

/** Milliseconds of both ends; falls back to the default range when they make none. */
export function resolveRange(range: Range, nowMs: number): { fromMs: number; toMs: number } {
  const fromMs = boundToMs(range.from, nowMs);
  const toMs = boundToMs(range.to, nowMs);
  if (fromMs === null || toMs === null || fromMs >= toMs) return { fromMs: nowMs - 36e5, toMs: nowMs };
  return { fromMs, toMs };
}

/** An absolute range; whole milliseconds. */
export function absoluteRange(fromMs: number, toMs: number): Range {
  return { from: new Date(Math.floor(fromMs)).toISOString(), to: new Date(Math.ceil(toMs)).toISOString() };
}

/** Twice as long around the same middle, never into the future. */
export function zoomOut(range: Range, nowMs: number): Range {
  const { fromMs, toMs } = resolveRange(range, nowMs);
  const half = (toMs - fromMs) / 2;
  const to = Math.min(toMs + half, Math.max(nowMs, toMs));
  return absoluteRange(to - 4 * half, to);
}

/** Moved by a part of its own length; `direction` −1 back, 1 forth. */
export function shiftRange(range: Range, direction: -1 | 1, nowMs: number): Range {
  const { fromMs, toMs } = resolveRange(range, nowMs);
  const by = ((toMs - fromMs) / 2) * direction;
  return absoluteRange(fromMs + by, toMs + by);
}

/** For `<input type="datetime-local">`, local time. */
export function toLocalInput(epochMs: number): string {
  const d = new Date(epochMs);
  const two = (n: number) => String(n).padStart(2, '0');
  return `${d.getFullYear()}-${two(d.getMonth() + 1)}-${two(d.getDate())}T${two(d.getHours())}:${two(d.getMinutes())}:${two(d.getSeconds())}`;
}
