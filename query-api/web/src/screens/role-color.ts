/*
 * SPDX-License-Identifier: Apache-2.0
 */
import type { Role, SpanStatus } from '../api/types';

/** For the role's mark and the bar. */
export function roleColor(span: { role: Role; status: SpanStatus }): string {
  if (span.status === 'error') return 'var(--bad)';
  switch (span.role) {
    case 'GATEWAY_CALL':
      return 'var(--c1)';
    case 'CLIENT_SDK':
      return 'var(--c5)';
    case 'ENGINE':
      return 'var(--c2)';
    case 'AGENT':
      return 'var(--c6)';
    case 'TOOL':
      return 'var(--c3)';
    case 'WORKFLOW':
      return 'var(--c4)';
    case 'GATEWAY_ROOT':
      return 'var(--c8)';
    case 'RAW':
    case 'INFRA':
    case 'OTHER':
      return 'var(--text-3)';
  }
}
