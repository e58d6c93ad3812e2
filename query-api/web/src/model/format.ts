/*
 * SPDX-License-Identifier: Apache-2.0
 */
import type { Ratio, Usd } from '../api/types';
import { parseUsd } from './money';

/** Whole number with thousands separators. */
export function formatCount(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}

/** Short number for axes and narrow cells: 1.2k, 3.4M. */
export function formatShort(value: number): string {
  const abs = Math.abs(value);
  if (abs >= 1e9) return `${trim(value / 1e9)}B`;
  if (abs >= 1e6) return `${trim(value / 1e6)}M`;
  if (abs >= 1e4) return `${trim(value / 1e3)}k`;
  if (abs >= 100 || Number.isInteger(value)) return formatCount(value);
  if (abs >= 1) return String(Number(value.toFixed(1)));
  return String(Number(value.toPrecision(2)));
}

function trim(value: number): string {
  return String(Number(value.toFixed(Math.abs(value) < 10 ? 2 : 1)));
}

/** Milliseconds as µs, ms or s with three significant digits, or as two of min, h and d. */
export function formatDuration(ms: number): string {
  const abs = Math.abs(ms);
  if (abs === 0) return '0 ms';
  if (abs < 1) return `${Math.round(ms * 1000)} µs`;
  if (abs < 999.5) return `${digits(ms)} ms`;
  if (abs < 59_950) return `${digits(ms / 1000)} s`;
  const seconds = Math.round(ms / 1000);
  if (abs < 3_600_000) return pair(seconds, 60, 'min', 's');
  const minutes = Math.round(seconds / 60);
  if (minutes < 2880) return pair(minutes, 60, 'h', 'min');
  return pair(Math.round(minutes / 60), 24, 'd', 'h');
}

/** Short duration for axis labels: one unit. */
export function formatDurationAxis(ms: number): string {
  if (ms >= 36e5) return `${trim(ms / 36e5)} h`;
  if (ms >= 6e4) return `${trim(ms / 6e4)} min`;
  return formatDuration(ms);
}

/** Two units, the lesser one only where it is not 0. */
function pair(value: number, size: number, unit: string, lesser: string): string {
  const rest = value % size;
  return `${Math.floor(value / size)} ${unit}${rest === 0 ? '' : ` ${rest} ${lesser}`}`;
}

function digits(value: number): string {
  const abs = Math.abs(value);
  return String(Number(value.toFixed(abs >= 100 ? 0 : abs >= 10 ? 1 : 2)));
}

/** A share of one as per cent; small but not zero never reads 0 %. */
export function formatPercent(ratio: Ratio): string {
  const percent = ratio * 100;
  if (percent === 0) return '0%';
  if (percent < 0.01) return '<0.01%';
  return `${Number(percent.toFixed(percent < 10 ? 2 : 1))}%`;
}

export function formatBytes(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${Number(value.toFixed(unit === 0 || value >= 100 ? 0 : 1))} ${units[unit]}`;
}

const two = (value: number) => String(value).padStart(2, '0');

/** Local time of day, to the second or millisecond. */
export function formatClock(epochMs: number, withMillis = false): string {
  const d = new Date(epochMs);
  const clock = `${two(d.getHours())}:${two(d.getMinutes())}:${two(d.getSeconds())}`;
  return withMillis ? `${clock}.${String(d.getMilliseconds()).padStart(3, '0')}` : clock;
}

/** Local date and time, sortable: 2026-11-24 03:28:49. */
export function formatDateTime(epochMs: number, withMillis = false): string {
  const d = new Date(epochMs);
  return `${d.getFullYear()}-${two(d.getMonth() + 1)}-${two(d.getDate())} ${formatClock(epochMs, withMillis)}`;
}

/** Date left out when it is today's. */
export function formatWhen(epochMs: number, nowMs: number): string {
  const d = new Date(epochMs);
  if (d.toDateString() === new Date(nowMs).toDateString()) return formatClock(epochMs);
  return `${two(d.getMonth() + 1)}-${two(d.getDate())} ${formatClock(epochMs)}`;
}

/** Label of a time axis: the date at local midnight, else hours and minutes, seconds only where they differ from 0. */
export function formatAxisTime(epochMs: number): string {
  const d = new Date(epochMs);
  if (d.getHours() === 0 && d.getMinutes() === 0 && d.getSeconds() === 0) return `${two(d.getMonth() + 1)}-${two(d.getDate())}`;
  const minutes = `${two(d.getHours())}:${two(d.getMinutes())}`;
  return d.getSeconds() === 0 ? minutes : `${minutes}:${two(d.getSeconds())}`;
}

/** Relative change; null when there is nothing to compare with. */
export function change(now: number | null, before: number | null): number | null {
  if (now === null || before === null || before === 0) return null;
  return (now - before) / before;
}

/** Relative change of two amounts. */
export function changeUsd(now: Usd | null, before: Usd | null): number | null {
  if (now === null || before === null) return null;
  const b = parseUsd(before);
  if (b === 0n) return null;
  return Number(parseUsd(now) - b) / Number(b);
}

/** Signed per cent of a change: +12%, −3.4%, 0%. */
export function formatChange(ratio: number): string {
  const percent = Math.abs(ratio) * 100;
  const shown = percent >= 1000 ? `${formatShort(ratio === 0 ? 0 : Math.abs(ratio))}×` : `${Number(percent.toFixed(percent < 10 ? 1 : 0))}%`;
  if (shown === '0%') return shown;
  return (ratio < 0 ? '−' : '+') + shown;
}
