/*
 * SPDX-License-Identifier: Apache-2.0
 */
import type { Usd } from '../api/types';

/** Places kept by the API: one unit is a picodollar. */
const PLACES = 12;
const ONE = 10n ** BigInt(PLACES);

/** Picodollars of a decimal string; exact. Throws on anything that is no plain decimal. */
export function parseUsd(usd: Usd): bigint {
  const match = /^(-?)(\d+)(?:\.(\d{1,12}))?$/.exec(usd);
  if (!match) throw new Error(`not a decimal amount: ${usd}`);
  const [, sign, whole = '0', fraction = ''] = match;
  const pico = BigInt(whole) * ONE + BigInt(fraction.padEnd(PLACES, '0') || '0');
  return sign === '-' ? -pico : pico;
}

/** For axes, bars and sorting only, where a double is good enough; never for a sum. */
export function usdToNumber(usd: Usd | number | null): number | null {
  return usd === null ? null : Number(usd);
}

/** Shown amount: cents from a dollar up, else four significant digits, rounded half up; `null` stays null for the caller to word. */
export function formatUsd(usd: Usd): string {
  const pico = parseUsd(usd);
  const negative = pico < 0n;
  const abs = negative ? -pico : pico;
  return (negative ? '−$' : '$') + formatAbs(abs);
}

function formatAbs(abs: bigint): string {
  if (abs === 0n) return '0.00';
  let places = 2;
  if (abs < ONE) {
    const digits = abs.toString().length;
    places = Math.min(PLACES, Math.max(2, PLACES - digits + 4));
  }
  const unit = 10n ** BigInt(PLACES - places);
  const rounded = (abs + unit / 2n) / unit;
  const scale = 10n ** BigInt(places);
  const fraction = (rounded % scale).toString().padStart(places, '0');
  const kept = fraction.slice(0, 2) + fraction.slice(2).replace(/0+$/, '');
  return `${group((rounded / scale).toString())}.${kept}`;
}

function group(digits: string): string {
  return digits.replace(/\B(?=(\d{3})+$)/g, ',');
}

/** Short amount for axis labels. */
export function formatUsdAxis(value: number): string {
  if (value === 0) return '$0';
  const abs = Math.abs(value);
  if (abs >= 1e6) return `$${trim(value / 1e6)}M`;
  if (abs >= 1e3) return `$${trim(value / 1e3)}k`;
  if (abs >= 1) return `$${trim(value)}`;
  const places = Math.min(PLACES, Math.max(4, 1 - Math.floor(Math.log10(abs))));
  return `$${value.toFixed(places).replace(/\.?0+$/, '')}`;
}

function trim(value: number): string {
  return String(Number(value.toFixed(Math.abs(value) < 10 ? 2 : 1)));
}
