/*
 * SPDX-License-Identifier: Apache-2.0
 */
import { describe, expect, it } from 'vitest';
import { absoluteRange, boundToMs, isRelative, resolveRange, shiftRange, zoomOut } from './range';

const NOW = Date.UTC(2026, 10, 24, 12, 0, 0);

describe('boundToMs', () => {
  it('reads relative, epoch and RFC 3339 bounds', () => {
    expect(boundToMs('now', NOW)).toBe(NOW);
    expect(boundToMs('now-90m', NOW)).toBe(NOW - 90 * 60_000);
    expect(boundToMs('now-1w', NOW)).toBe(NOW - 7 * 864e5);
    expect(boundToMs(String(NOW), NOW)).toBe(NOW);
    expect(boundToMs('2026-11-24T12:00:00Z', NOW)).toBe(NOW);
  });
  it('is null for what is no time', () => {
    expect(boundToMs('yesterday', NOW)).toBeNull();
    expect(boundToMs('now-1y', NOW)).toBeNull();
  });
});

describe('resolveRange', () => {
  it('falls back to an hour when the ends make no range', () => {
    expect(resolveRange({ from: 'now', to: 'now-1h' }, NOW)).toEqual({ fromMs: NOW - 36e5, toMs: NOW });
  });
});

describe('zoomOut and shiftRange', () => {
  const hour = absoluteRange(NOW - 36e5, NOW);
  it('doubles without reaching into the future', () => {
    expect(resolveRange(zoomOut(hour, NOW), NOW)).toEqual({ fromMs: NOW - 2 * 36e5, toMs: NOW });
  });
  it('moves by half', () => {
    expect(resolveRange(shiftRange(hour, -1, NOW), NOW)).toEqual({ fromMs: NOW - 1.5 * 36e5, toMs: NOW - 0.5 * 36e5 });
  });
  it('leaves relative ranges behind', () => {
    expect(isRelative({ from: 'now-1h', to: 'now' })).toBe(true);
    expect(isRelative(zoomOut({ from: 'now-1h', to: 'now' }, NOW))).toBe(false);
  });
});
