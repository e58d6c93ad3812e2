/*
 * SPDX-License-Identifier: Apache-2.0
 */
import { describe, expect, it } from 'vitest';
import { basePath, DEFAULTS, parseUrl, toSearch, type UrlState } from './url';

describe('toSearch', () => {
  it('is empty for the defaults', () => expect(toSearch(DEFAULTS)).toBe(''));

  it('comes back whole through parseUrl', () => {
    const state: UrlState = {
      tab: 'traces',
      range: { from: '2026-11-24T00:00:00.000Z', to: '2026-11-24T06:00:00.000Z' },
      refresh: '10s',
      layer: 'engine',
      filters: { model: ['gpt-4o', 'a&b=c'], team: ['플랫폼'] },
      by: 'provider',
      groupBy: ['team', 'model'],
      tableSort: 'failRate',
      heatmap: 'ttft',
      sort: '-cost',
      q: 'chat completions',
      status: 'error',
      errorClass: 'rate_limit',
      minDurationMs: 250,
      unpriced: true,
      trace: 'a3ce929d0e0e47364bf92f3577b34da6',
      span: '53995c3f42cd8ad1',
      session: 's/1',
      step: '53995c3f42cd8ad1',
    };
    expect(parseUrl('/', toSearch(state))).toEqual(state);
  });
});

describe('parseUrl', () => {
  it('opens the trace the AgentOps SDK prints', () => {
    const state = parseUrl('/sessions', '?trace_id=abc');
    expect([state.tab, state.trace]).toEqual(['traces', 'abc']);
  });
  it('knows tabs as paths under either base', () => {
    expect(parseUrl('/admin/monitoring/costs', '').tab).toBe('costs');
    expect(parseUrl('/analytics', '').tab).toBe('analytics');
    expect(parseUrl('/admin/monitoring', '').tab).toBe('overview');
  });
  it('takes defaults for what it cannot read', () => {
    expect(parseUrl('/', '?tab=nope&refresh=1s&groupBy=drop,table&minDurationMs=-4&status=maybe&layer=x&errorClass=y')).toEqual(DEFAULTS);
  });
});

describe('basePath', () => {
  it('keeps the portal mount', () => {
    expect(basePath('/admin/monitoring/x')).toBe('/admin/monitoring');
    expect(basePath('/admin/monitoringx')).toBe('/');
    expect(basePath('/sessions')).toBe('/');
  });
});
