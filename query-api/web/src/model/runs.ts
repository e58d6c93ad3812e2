/*
 * SPDX-License-Identifier: Apache-2.0
 */
import type { Run } from '../api/types';
import type { Translate } from '../i18n';
import { formatCount } from './format';
import { formatUsd } from './money';

/** A run that is not over and says nothing for so long has died. */
const SILENT_MS = 60_000;

const GOOD = new Set(['same', 'done']);
const BAD = new Set(['different', 'failed']);

/** How a state looks: bad also for a run that died half way. */
export function runTone(run: Run, now: number): 'good' | 'bad' | 'warn' | 'none' {
  if (run.finishedAt === null) return now - Date.parse(run.heardAt) > SILENT_MS ? 'bad' : 'warn';
  return GOOD.has(run.state) ? 'good' : BAD.has(run.state) ? 'bad' : 'none';
}

/** What a run did, in a line or a line a layer. */
export function runLines(run: Run, t: Translate): string[] {
  const f = run.figures;
  if (typeof f['error'] === 'string') return [f['error']];
  if (run.kind === 'reconcile') return typeof f['differences'] === 'number' ? [t('runs.differences', { n: formatCount(f['differences']) })] : [];
  if (run.kind === 'rebuild') {
    return typeof f['calls'] === 'number' ? [t('runs.rebuilt', { edition: String(f['edition']), n: formatCount(f['calls']) })] : [];
  }
  return Object.entries(layersOf(f)).map(([layer, line]) =>
    t('runs.repriced', { layer, n: formatCount(line.calls), before: formatUsd(line.beforeUsd), after: formatUsd(line.afterUsd) }),
  );
}

interface Line {
  calls: number;
  beforeUsd: string;
  afterUsd: string;
}

function layersOf(figures: Record<string, unknown>): Record<string, Line> {
  return typeof figures['layers'] === 'object' && figures['layers'] !== null ? (figures['layers'] as Record<string, Line>) : {};
}
