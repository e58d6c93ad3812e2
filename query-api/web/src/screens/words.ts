/*
 * SPDX-License-Identifier: Apache-2.0
 */
import type { Dimension } from '../api/types';
import type { Translate } from '../i18n';
import { formatDateTime } from '../model/format';
import { boundToMs, type Range } from '../model/range';
import { keyLabel } from '../model/series';

/** `now-6h` as "6 hours"; null for what is not relative. */
export function spanWords(bound: string, t: Translate): string | null {
  const match = /^now-(\d+)([smhdw])$/.exec(bound);
  if (!match) return null;
  const [, n = '', unit = ''] = match;
  return t(`span.${unit as 's' | 'm' | 'h' | 'd' | 'w'}`, { n });
}

/** A range as the picker's button shows it. */
export function rangeWords(range: Range, t: Translate, nowMs: number): string {
  const span = range.to === 'now' ? spanWords(range.from, t) : null;
  if (span !== null) return t('range.last', { span });
  const from = boundToMs(range.from, nowMs);
  const to = boundToMs(range.to, nowMs);
  if (from === null || to === null) return `${range.from} – ${range.to}`;
  const end = formatDateTime(to);
  const start = formatDateTime(from);
  return `${start} – ${end.slice(0, 10) === start.slice(0, 10) ? end.slice(11) : end}`;
}

/** A dimension's value in words. */
export function valueWords(value: string, t: Translate): string {
  return value === '' ? t('value.blank') : value === '__other__' ? t('value.other') : value;
}

export function keyWords(key: Partial<Record<Dimension, string>>, t: Translate): string {
  if (key.errorClass !== undefined && Object.keys(key).length === 1) return errorWords(key.errorClass, t);
  return keyLabel(key, t('value.blank'), t('value.other'));
}

/** An error class in words; one the screen does not know stays as it is. */
export function errorWords(errorClass: string, t: Translate): string {
  const known = ['rate_limit', 'timeout', 'context_length', 'content_filter', 'auth', 'bad_request', 'upstream_5xx', 'connection', 'cancelled', 'budget', 'other'] as const;
  const found = known.find((k) => k === errorClass);
  return found ? t(`error.${found}`) : valueWords(errorClass, t);
}

/** Length of a chart's step. */
export function stepWords(ms: number, t: Translate): string {
  if (ms % 864e5 === 0) return t('step.d', { n: ms / 864e5 });
  if (ms % 36e5 === 0) return t('step.h', { n: ms / 36e5 });
  if (ms % 6e4 === 0) return t('step.m', { n: ms / 6e4 });
  return t('step.s', { n: ms / 1e3 });
}
