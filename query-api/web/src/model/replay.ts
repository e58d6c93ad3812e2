/*
 * SPDX-License-Identifier: Apache-2.0
 */
import type { CostKind, SessionStep, Usd } from '../api/types';
import { parseUsd } from './money';

/** What had been spent with a step. */
export interface SoFar {
  /** From the first step's start to this one's. */
  elapsedMs: number;
  calls: number;
  failed: number;
  tokens: number;
  /** Picodollars; unknown costs are counted beside. */
  costPicoUsd: bigint;
  unpricedCalls: number;
}

/** Whether a step stands for a counted call of the layers shown in a replay. */
function isCall(step: { role: SessionStep['role'] }): boolean {
  return step.role === 'GATEWAY_CALL' || step.role === 'CLIENT_SDK';
}

/**
 * Sums over the steps up to and including `at`. Where a trace has gateway calls its client calls are the same money seen twice: they do
 * not count then.
 */
export function soFar(steps: readonly SessionStep[], at: number): SoFar {
  const first = steps[0];
  const sum: SoFar = { elapsedMs: 0, calls: 0, failed: 0, tokens: 0, costPicoUsd: 0n, unpricedCalls: 0 };
  if (!first) return sum;
  const throughGateway = new Set(steps.filter((s) => s.role === 'GATEWAY_CALL').map((s) => s.traceId));
  for (const step of steps.slice(0, at + 1)) {
    if (!isCall(step) || (step.role === 'CLIENT_SDK' && throughGateway.has(step.traceId))) continue;
    sum.calls++;
    if (step.status === 'error') sum.failed++;
    sum.tokens += step.tokens?.total ?? 0;
    const { costUsd, costKind }: { costUsd: Usd | null; costKind: CostKind } = step;
    if (costUsd !== null) sum.costPicoUsd += parseUsd(costUsd);
    if (costKind === 'unpriced') sum.unpricedCalls++;
  }
  sum.elapsedMs = Math.max(0, (steps[at]?.start ?? first.start) - first.start);
  return sum;
}

/** Decimal dollars of picodollars. */
export function picoToUsd(pico: bigint): Usd {
  const digits = pico.toString().padStart(13, '0');
  return `${digits.slice(0, -12)}.${digits.slice(-12)}`;
}

/** How long playing rests before the next step: the real gap at `speed`, but never so long that nothing seems to happen. */
export function pauseMs(steps: readonly SessionStep[], at: number, speed: number): number {
  const [now, next] = [steps[at], steps[at + 1]];
  if (!now || !next) return 0;
  return Math.min(1500, Math.max(120, (next.start - now.start) / speed));
}

/** Place of every step on the scrubber in 0…1, by time; steps of long waits between are drawn together. */
export function scrubberPlaces(steps: readonly SessionStep[]): number[] {
  const gaps = steps.map((s, i) => (i === 0 ? 0 : Math.min(Math.max(0, s.start - (steps[i - 1]?.start ?? s.start)), 30_000) + 200));
  const total = gaps.reduce((a, b) => a + b, 0);
  let at = 0;
  return gaps.map((gap) => {
    at += gap;
    return total === 0 ? 0 : at / total;
  });
}
