/*
 * SPDX-License-Identifier: Apache-2.0
 */
import { describe, expect, it } from 'vitest';
import type { SessionStep } from '../api/types';
import { pauseMs, picoToUsd, scrubberPlaces, soFar } from './replay';

const step = (over: Partial<SessionStep>) => ({ traceId: 't', role: 'GATEWAY_CALL', start: 0, end: 1, status: 'ok', tokens: null, costKind: 'none', costUsd: null, ...over }) as SessionStep;

describe('soFar', () => {
  const steps = [
    step({ role: 'AGENT', start: 0, end: 900 }),
    step({ start: 10, end: 300, tokens: { total: 40 } as never, costKind: 'reported', costUsd: '0.000000000001' }),
    step({ start: 310, end: 400, status: 'error' }),
    step({ start: 410, end: 800, costKind: 'unpriced', tokens: { total: 2 } as never }),
  ];
  it('sums up to the step, exactly', () => {
    expect(soFar(steps, 1)).toEqual({ elapsedMs: 10, calls: 1, failed: 0, tokens: 40, costPicoUsd: 1n, unpricedCalls: 0 });
    expect(soFar(steps, 3)).toMatchObject({ calls: 3, failed: 1, tokens: 42, unpricedCalls: 1 });
  });
  it('does not add what the client saw of a gateway call', () => {
    expect(soFar([step({ role: 'CLIENT_SDK', costUsd: '1' }), step({ costUsd: '1' })], 1)).toMatchObject({ calls: 1, costPicoUsd: 1_000_000_000_000n });
    expect(soFar([step({ role: 'CLIENT_SDK', traceId: 'u', costUsd: '1' }), step({ costUsd: '1' })], 1).calls).toBe(2);
  });
  it('is nothing without steps', () => expect(soFar([], 0).calls).toBe(0));
});

describe('picoToUsd', () => {
  it('writes all places', () => expect(picoToUsd(1_500_000_000_001n)).toBe('1.500000000001'));
});

describe('pauseMs', () => {
  const steps = [step({ start: 0 }), step({ start: 1000 }), step({ start: 100_000 }), step({ start: 100_001 })];
  it('follows the clock within bounds', () => {
    expect(pauseMs(steps, 0, 2)).toBe(500);
    expect(pauseMs(steps, 1, 1)).toBe(1500);
    expect(pauseMs(steps, 2, 1)).toBe(120);
    expect(pauseMs(steps, 3, 1)).toBe(0);
  });
});

describe('scrubberPlaces', () => {
  it('runs from 0 to 1 and never back', () => {
    const places = scrubberPlaces([step({ start: 0 }), step({ start: 50 }), step({ start: 9e6 })]);
    expect(places[0]).toBe(0);
    expect(places[2]).toBe(1);
    expect(places[1]).toBeGreaterThan(0);
    expect(places[1]).toBeLessThan(0.1);
  });
});
