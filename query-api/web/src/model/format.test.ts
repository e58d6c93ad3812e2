/*
 * SPDX-License-Identifier: Apache-2.0
 */
import { describe, expect, it } from 'vitest';
import { change, changeUsd, formatBytes, formatChange, formatDuration, formatDurationAxis, formatPercent, formatShort } from './format';

describe('formatDuration', () => {
  it.each([
    [0, '0 ms'],
    [0.25, '250 µs'],
    [5.123, '5.12 ms'],
    [999.4, '999 ms'],
    [999.6, '1 s'],
    [1500, '1.5 s'],
    [59_960, '1 min'],
    [90_000, '1 min 30 s'],
    [5_400_000, '1 h 30 min'],
    [259_200_000, '3 d'],
  ])('%d ms is %s', (ms, shown) => expect(formatDuration(ms)).toBe(shown));
});

describe('formatDurationAxis', () => {
  it('keeps to one unit', () => expect([800, 20_000, 80_000, 5_400_000].map(formatDurationAxis)).toEqual(['800 ms', '20 s', '1.33 min', '1.5 h']));
});

describe('formatPercent', () => {
  it('never shows a small share as none', () => {
    expect(formatPercent(0)).toBe('0%');
    expect(formatPercent(0.00001)).toBe('<0.01%');
    expect(formatPercent(0.0123)).toBe('1.23%');
    expect(formatPercent(1)).toBe('100%');
  });
});

describe('formatShort', () => {
  it.each([
    [0, '0'],
    [0.034, '0.034'],
    [2.25, '2.3'],
    [9999, '9,999'],
    [12_345, '12.3k'],
    [7_200_000, '7.2M'],
  ])('%d is %s', (value, shown) => expect(formatShort(value)).toBe(shown));
});

describe('formatBytes', () => {
  it('uses powers of 1024', () => {
    expect(formatBytes(512)).toBe('512 B');
    expect(formatBytes(1536)).toBe('1.5 KiB');
    expect(formatBytes(3 * 1024 ** 3)).toBe('3 GiB');
  });
});

describe('change', () => {
  it('is null without a base', () => {
    expect(change(5, 0)).toBeNull();
    expect(change(5, null)).toBeNull();
    expect(changeUsd('1', '0')).toBeNull();
  });
  it('is relative to the window before', () => {
    expect(change(150, 100)).toBe(0.5);
    expect(changeUsd('0.5', '1.0')).toBe(-0.5);
  });
  it('is shown with its sign', () => {
    expect(formatChange(0.5)).toBe('+50%');
    expect(formatChange(-0.034)).toBe('−3.4%');
    expect(formatChange(0.0001)).toBe('0%');
    expect(formatChange(24)).toBe('+24×');
  });
});
