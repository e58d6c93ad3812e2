/*
 * SPDX-License-Identifier: Apache-2.0
 */
import { describe, expect, it } from 'vitest';
import type { Run } from '../api/types';
import { fill } from '../i18n';
import { en } from '../i18n/en';
import { runLines, runTone } from './runs';

const NOW = Date.parse('2026-11-18T12:00:00Z');
const run = (more: Partial<Run>): Run => ({ kind: 'reprice', id: 1, name: 'march', state: 'done', startedAt: '2026-11-18T11:00:00Z', finishedAt: '2026-11-18T11:01:00Z', heardAt: '2026-11-18T11:01:00Z', figures: {}, ...more });
const lines = (more: Partial<Run>) => runLines(run(more), (key, values) => fill(en[key], values));

describe('runTone', () => {
  it('knows what went well, what did not, and what neither', () => {
    expect(runTone(run({}), NOW)).toBe('good');
    expect(runTone(run({ kind: 'reconcile', state: 'different' }), NOW)).toBe('bad');
    expect(runTone(run({ state: 'declined' }), NOW)).toBe('none');
  });

  it('takes one that is silent for a minute for dead', () => {
    const open = { state: 'applying' as const, finishedAt: null };
    expect(runTone(run({ ...open, heardAt: '2026-11-18T11:59:30Z' }), NOW)).toBe('warn');
    expect(runTone(run({ ...open, heardAt: '2026-11-18T11:58:59Z' }), NOW)).toBe('bad');
  });
});

describe('runLines', () => {
  it('tells a repricing by layer', () => {
    expect(lines({ figures: { layers: { gateway: { calls: 1412, beforeUsd: '18.204', afterUsd: '17.9316' } } } })).toEqual(['gateway: 1,412 calls, $18.20 → $17.93']);
  });

  it('tells a rebuild, a reconcile, and what failed', () => {
    expect(lines({ kind: 'rebuild', figures: { edition: 2, calls: 1000 } })).toEqual(['edition 2: 1,000 calls folded']);
    expect(lines({ kind: 'reconcile', figures: { differences: 3 } })).toEqual(['3 differences']);
    expect(lines({ kind: 'rebuild', state: 'failed', figures: { error: 'no time' } })).toEqual(['no time']);
    expect(lines({ state: 'planning' })).toEqual([]);
  });
});
