/*
 * SPDX-License-Identifier: Apache-2.0
 */
import type { ReactNode } from 'react';
import { rangeParams, useRangeQuery } from '../api/queries';
import type { Breakdown, BreakdownRow, Dimension, Failures as FailuresAnswer, Flow, FlowNode, Heatmap, Totals } from '../api/types';
import type { ScreenProps } from '../app';
import { FlowChart, flowHeight } from '../charts/flow-chart';
import { HeatChart } from '../charts/heat-chart';
import { useT, type Key } from '../i18n';
import { formatCount, formatDuration, formatPercent, formatShort, formatWhen } from '../model/format';
import { parseUsd } from '../model/money';
import { absoluteRange } from '../model/range';
import { GROUPS, type FilterName, FILTERS } from '../state/url';
import { ExportLinks } from '../ui/export-links';
import { Panel } from '../ui/panel';
import { SumCost } from '../ui/money';
import { EmptyState } from '../ui/states';
import { withFilter } from './filter-bar';
import { SortButton } from './traces';
import { errorWords, valueWords } from './words';

export function Analytics(props: ScreenProps) {
  return (
    <>
      <BreakdownPanel {...props} />
      <div className="grid two section">
        <HeatPanel {...props} />
        <FailurePanel {...props} />
      </div>
      <FlowPanel {...props} />
    </>
  );
}

interface Column {
  id: string;
  word: Key;
  cell: (row: Totals) => ReactNode;
}

const ms = (value: number | null) => (value === null ? <span className="muted">—</span> : formatDuration(value));

const COLUMNS: Column[] = [
  { id: 'failRate', word: 'analytics.failRate', cell: (r) => (r.failRate === null ? <span className="muted">—</span> : r.errors === 0 ? <span className="muted">0%</span> : <span style={{ color: r.failRate > 0.05 ? 'var(--bad)' : undefined }}>{formatPercent(r.failRate)}</span>) },
  { id: 'latency.avg', word: 'analytics.avg', cell: (r) => ms(r.latencyMs.avg) },
  { id: 'latency.p50', word: 'legend.p50', cell: (r) => ms(r.latencyMs.p50) },
  { id: 'latency.p95', word: 'legend.p95', cell: (r) => ms(r.latencyMs.p95) },
  { id: 'latency.p99', word: 'legend.p99', cell: (r) => ms(r.latencyMs.p99) },
  { id: 'ttft.p50', word: 'analytics.ttft', cell: (r) => ms(r.timeToFirstTokenMs.p50) },
  { id: 'tpot.p50', word: 'analytics.tpot', cell: (r) => ms(r.timePerOutputTokenMs.p50) },
  { id: 'tokens.input', word: 'analytics.input', cell: (r) => formatShort(r.tokens.input) },
  { id: 'tokens.cacheRead', word: 'analytics.cached', cell: (r) => formatShort(r.tokens.cacheRead) },
  { id: 'tokens.output', word: 'analytics.output', cell: (r) => formatShort(r.tokens.output + r.tokens.reasoning) },
  { id: 'unpricedCalls', word: 'analytics.unpriced', cell: (r) => (r.cost.unpricedCalls === 0 ? <span className="muted">0</span> : <span className="badge warn">{formatCount(r.cost.unpricedCalls)}</span>) },
];

const isFilter = (d: Dimension): d is FilterName => (FILTERS as readonly string[]).includes(d);

function BreakdownPanel({ url, update }: ScreenProps) {
  const t = useT();
  const answer = useRangeQuery<Breakdown>('/api/v1/breakdown', url, { groupBy: url.groupBy.join(','), sort: url.tableSort, limit: 50 });
  const data = answer.data;
  const rows = data?.rows ?? [];
  const groups = data?.groupBy ?? url.groupBy;
  const all = rows.reduce((n, r) => n + r.calls, 0) + (data?.other?.calls ?? 0);
  // The bar of a row is its share of the money where money is sorted by, else of the calls.
  const byCost = url.tableSort.replace('-', '') === 'cost';
  const money = [...rows, ...(data?.other ? [data.other] : [])].reduce((sum, r) => sum + (r.cost.usd === null ? 0n : parseUsd(r.cost.usd)), 0n);
  const share = (r: Totals) => (byCost ? (money === 0n || r.cost.usd === null ? 0 : Number(parseUsd(r.cost.usd)) / Number(money)) : all === 0 ? 0 : r.calls / all);
  const narrow = (row: BreakdownRow) => {
    let filters = url.filters;
    for (const d of groups) if (isFilter(d) && row.key[d] !== '__other__') filters = withFilter(filters, d, row.key[d] ?? '');
    return filters;
  };
  const setGroup = (at: number, value: string) => {
    const next = [...url.groupBy];
    if (value === '') next.splice(at);
    else next[at] = value as Dimension;
    const kept = [...new Set(next)];
    update({ groupBy: kept.length > 0 ? kept : ['model'] });
  };
  return (
    <Panel
      title={t('analytics.breakdown')}
      height={rows.length > 0 ? Math.min(rows.length + (data?.other ? 1 : 0), 12) * 34 + 46 : 300}
      pending={answer.isPending}
      stale={answer.isPlaceholderData}
      error={answer.error}
      retry={() => void answer.refetch()}
      flush
      actions={
        <>
          {Array.from({ length: Math.min(3, url.groupBy.length + 1) }, (_, i) => (
            <label key={i} className="inline-field">
              {t(i === 0 ? 'analytics.groupBy' : 'analytics.thenBy')}
              <select className="select small" value={url.groupBy[i] ?? ''} onChange={(e) => setGroup(i, e.target.value)}>
                {i > 0 && <option value="">{t('analytics.nothing')}</option>}
                {GROUPS.filter((d) => d === url.groupBy[i] || !url.groupBy.includes(d)).map((d) => (
                  <option key={d} value={d}>
                    {t(`dim.${d}`)}
                  </option>
                ))}
              </select>
            </label>
          ))}
          <ExportLinks asked={{ path: '/api/v1/breakdown', params: { ...rangeParams(url), groupBy: url.groupBy.join(','), sort: url.tableSort } }} of={t('analytics.breakdown')} />
        </>
      }
    >
      {rows.length === 0 ? (
        <EmptyState title={t('state.empty')} />
      ) : (
        <div className="table-wrap" style={{ height: '100%' }} tabIndex={0}>
          <table className="table" data-breakdown>
            <thead>
              <tr>
                {groups.map((d) => (
                  <th key={d}>{t(`dim.${d}`)}</th>
                ))}
                <th>{t('analytics.share')}</th>
                {[{ id: 'calls', word: 'analytics.calls' as Key }, { id: 'cost', word: 'analytics.cost' as Key }, ...COLUMNS].map((c) => (
                  <th key={c.id} className="r" aria-sort={url.tableSort === c.id ? 'ascending' : url.tableSort === `-${c.id}` ? 'descending' : 'none'}>
                    <SortButton word={t(c.word)} name={c.id} sort={url.tableSort} onSort={(tableSort) => update({ tableSort })} />
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {rows.map((row) => (
                <tr key={groups.map((d) => row.key[d]).join('\u0000')}>
                  {groups.map((d, i) => (
                    <td key={d}>
                      {i === 0 ? (
                        <button type="button" className="linklike" title={t('analytics.showTraces')} onClick={() => update({ tab: 'traces', filters: narrow(row), trace: null, ...(row.key.errorClass ? { errorClass: row.key.errorClass as never } : {}) })}>
                          {d === 'errorClass' ? errorWords(row.key[d] ?? '', t) : valueWords(row.key[d] ?? '', t)}
                        </button>
                      ) : d === 'errorClass' ? (
                        errorWords(row.key[d] ?? '', t)
                      ) : (
                        valueWords(row.key[d] ?? '', t)
                      )}
                    </td>
                  ))}
                  <td>
                    <span className="sharebar" aria-hidden="true">
                      <i style={{ width: `${share(row) * 100}%` }} />
                    </span>
                    <span className="muted">{formatPercent(share(row))}</span>
                  </td>
                  <Cells row={row} />
                </tr>
              ))}
            </tbody>
            {data?.other && (
              <tfoot>
                <tr>
                  <td colSpan={groups.length}>{t('analytics.others')}</td>
                  <td>{formatPercent(share(data.other))}</td>
                  <Cells row={data.other} />
                </tr>
              </tfoot>
            )}
          </table>
        </div>
      )}
    </Panel>
  );
}

function Cells({ row }: { row: Totals }) {
  return (
    <>
      <td className="r">{formatCount(row.calls)}</td>
      <td className="r">
        <SumCost usd={row.cost.usd} unpricedCalls={row.cost.unpricedCalls} calls={row.calls} />
      </td>
      {COLUMNS.map((c) => (
        <td key={c.id} className="r">
          {c.cell(row)}
        </td>
      ))}
    </>
  );
}

function HeatPanel({ url, update }: ScreenProps) {
  const t = useT();
  const heat = useRangeQuery<Heatmap>('/api/v1/latency/heatmap', url, { metric: url.heatmap });
  const words = { duration: 'analytics.duration', ttft: 'analytics.ttftFull', tpot: 'analytics.tpotFull' } as const;
  return (
    <Panel
      title={t('analytics.heatmap')}
      height={330}
      pending={heat.isPending}
      stale={heat.isPlaceholderData}
      error={heat.error}
      retry={() => void heat.refetch()}
      actions={
        <select className="select small" aria-label={t('analytics.heatmap')} value={url.heatmap} onChange={(e) => update({ heatmap: e.target.value as Heatmap['metric'] })}>
          {(['duration', 'ttft', 'tpot'] as const).map((m) => (
            <option key={m} value={m}>
              {t(words[m])}
            </option>
          ))}
        </select>
      }
    >
      {heat.data && heat.data.columns.some((c) => c.counts.some((n) => n > 0)) ? (
        <>
          <HeatChart
            heatmap={heat.data}
            height={290}
            onZoom={(from, to) => update({ range: absoluteRange(from, to) })}
            onPick={(from, to, low) => update({ tab: 'traces', range: absoluteRange(from, to), sort: '-duration', minDurationMs: url.heatmap === 'duration' && low >= 1 ? Math.floor(low) : null, trace: null })}
          />
          <p className="muted ellipsis" style={{ fontSize: 12 }}>
            {t('analytics.heatmapHint')}
          </p>
        </>
      ) : (
        <EmptyState title={t('state.empty')} />
      )}
    </Panel>
  );
}

function FailurePanel({ url, update }: ScreenProps) {
  const t = useT();
  const failures = useRangeQuery<FailuresAnswer>('/api/v1/failures', url);
  const rows = failures.data?.rows ?? [];
  return (
    <Panel title={t('analytics.failures')} actions={<ExportLinks asked={{ path: '/api/v1/failures', params: rangeParams(url) }} of={t('analytics.failures')} />} unit={failures.data ? formatCount(failures.data.total) : ''} height={330} pending={failures.isPending} stale={failures.isPlaceholderData} error={failures.error} retry={() => void failures.refetch()} flush>
      {rows.length === 0 ? (
        <EmptyState title={t('analytics.noFailures')} />
      ) : (
        <div className="table-wrap" style={{ height: '100%' }} tabIndex={0}>
          <table className="table" data-failures>
            <thead>
              <tr>
                <th>{t('dim.errorClass')}</th>
                <th className="r">{t('analytics.count')}</th>
                <th>{t('analytics.lastSeen')}</th>
                <th>{t('analytics.latest')}</th>
              </tr>
            </thead>
            <tbody>
              {rows.map((row) => (
                <tr key={row.errorClass}>
                  <td>
                    <button type="button" className="linklike" title={t('analytics.showTraces')} onClick={() => update({ tab: 'traces', errorClass: row.errorClass, status: null, trace: null, sort: '-start' })}>
                      {errorWords(row.errorClass, t)}
                    </button>
                  </td>
                  <td className="r">
                    {formatCount(row.count)} <span className="muted">{formatPercent(row.share)}</span>
                  </td>
                  <td>{formatWhen(row.lastSeen, Date.now())}</td>
                  <td className="wrap">
                    <div className="clamp" title={row.latest.message ?? undefined}>
                      {row.latest.httpStatus !== null && <span className="badge bad">{row.latest.httpStatus}</span>} {row.latest.message ?? <span className="muted">{t('analytics.noMessage')}</span>}
                    </div>
                    <div className="muted ellipsis" style={{ fontSize: 12 }}>
                      <button type="button" className="linklike" onClick={() => update({ tab: 'traces', trace: row.latest.traceId, span: row.latest.spanId, errorClass: row.errorClass })}>
                        {t('analytics.openTrace')}
                      </button>
                      {' · '}
                      {row.models.map((m) => `${valueWords(m.model, t)} ${formatCount(m.count)}`).join(' · ')}
                    </div>
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </Panel>
  );
}

function FlowPanel({ url, update }: ScreenProps) {
  const t = useT();
  const flow = useRangeQuery<Flow>('/api/v1/flow', url);
  const height = flow.data && flow.data.nodes.length > 0 ? flowHeight(flow.data) : 300;
  const open = (node: FlowNode) => {
    if (node.kind === 'model') update({ tab: 'traces', filters: withFilter(url.filters, 'model', node.name), trace: null });
    else update({ tab: 'traces', q: node.name, trace: null });
  };
  return (
    <div className="section">
      <Panel
        title={t('analytics.flow')}
        actions={<ExportLinks asked={{ path: '/api/v1/flow', params: rangeParams(url) }} of={t('analytics.flow')} />}
        unit={flow.data ? `${t('analytics.flowHint', { n: formatCount(flow.data.traceCount) })}${flow.data.truncated ? ` ${t('analytics.flowTruncated')}` : ''}` : ''}
        height={height + 20}
        pending={flow.isPending}
        stale={flow.isPlaceholderData}
        error={flow.error}
        retry={() => void flow.refetch()}
      >
        {flow.data && flow.data.nodes.length > 0 ? <FlowChart flow={flow.data} height={height} onNode={open} /> : <EmptyState title={t('analytics.noFlow')} />}
      </Panel>
    </div>
  );
}
