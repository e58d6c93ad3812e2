/*
 * SPDX-License-Identifier: Apache-2.0
 */
import { describe, expect, it } from 'vitest';
import { en } from './en';
import { fill } from './index';
import { ko } from './ko';

/** Names of values that are shown; words that only go with them differ by language. */
const places = (text: string) => [...text.matchAll(/\{(\w+)\}/g)].map((m) => m[1]).sort();

describe('dictionaries', () => {
  it('have the same keys in the same order', () => expect(Object.keys(ko)).toEqual(Object.keys(en)));

  it('take the same values and are nowhere empty', () => {
    for (const key of Object.keys(en) as (keyof typeof en)[]) {
      expect(places(ko[key]), key).toEqual(places(en[key]));
      expect(en[key].trim(), key).not.toBe('');
      expect(ko[key].trim(), key).not.toBe('');
    }
  });
});

describe('fill', () => {
  it('puts values in and leaves unknown names', () => expect(fill('{a} of {b}', { a: 1 })).toBe('1 of {b}'));
  it.each([
    [0, '0 calls'],
    ['1', '1 call'],
    [1, '1 call'],
    ['1,001', '1,001 calls'],
  ])('%s goes with its word', (n, shown) => expect(fill('{n} {n|call|calls}', { n })).toBe(shown));
});
