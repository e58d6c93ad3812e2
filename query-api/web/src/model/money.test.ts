/*
 * SPDX-License-Identifier: Apache-2.0
 */
import { describe, expect, it } from 'vitest';
import { formatUsd, formatUsdAxis, parseUsd } from './money';

describe('parseUsd', () => {
  it('keeps every picodollar', () => {
    expect(parseUsd('0.000000000001')).toBe(1n);
    expect(parseUsd('9007199254740993.000000000001')).toBe(9007199254740993000000000001n);
    expect(parseUsd('-1.5')).toBe(-1500000000000n);
  });
  it('refuses what is no plain decimal', () => {
    for (const bad of ['', '1e-7', '.5', 'NaN', '1,5', '0.0000000000001']) expect(() => parseUsd(bad)).toThrow();
  });
});

describe('formatUsd', () => {
  it.each([
    ['0', '$0.00'],
    ['0.5', '$0.50'],
    ['1234567.891', '$1,234,567.89'],
    ['1234.995', '$1,235.00'],
    ['0.012345678', '$0.01235'],
    ['0.00000123456', '$0.000001235'],
    ['0.000000000001', '$0.000000000001'],
    ['0.999999', '$1.00'],
    ['-3.456', '−$3.46'],
  ])('%s is shown as %s', (usd, shown) => expect(formatUsd(usd)).toBe(shown));
});

describe('formatUsdAxis', () => {
  it.each([
    [0, '$0'],
    [0.0021, '$0.0021'],
    [0.5, '$0.5'],
    [0.00002, '$0.00002'],
    [0.00012, '$0.00012'],
    [0.00000000005, '$0.00000000005'],
    [12.5, '$12.5'],
    [15000, '$15k'],
  ])('%d is labelled %s', (value, shown) => expect(formatUsdAxis(value)).toBe(shown));
});
