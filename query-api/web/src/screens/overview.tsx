/*
 * SPDX-License-Identifier: Apache-2.0
 */
import { useMemo } from 'react';
import { useRangeQuery, useTimeseries, type ManySeries } from '../api/queries';
import type { Dimension, Layers, Metric, Overview as OverviewAnswer, Series, Timeseries } from '../api/types';
import type { ScreenProps } from '../app';
import { TimeChart } from '../charts/time-chart';
import { useT, type Key, type Translate } from '../i18n';
import { formatCount, formatDuration, formatDurationAxis, formatShort } from '../model/format';
import { formatUsd, formatUsdAxis } from '../model/money';
import { absoluteRange, resolveRange } from '../model/range';
import { lastOf, perSecond, sumOf, toLines, type Line } from '../model/series';
import type { UrlState } from '../state/url';
import type { UpdateUrl } from '../state/use-url';
import { Tiles } from './tiles';
import { keyWords, rangeWords, stepWords } from './words';

const BY: readonly Dimension[] = ['model', 'provider', 'service', 'team', 'layer'];
const TOKEN_METRICS: readonly Metric[] = ['tokens.input', 'tokens.cacheRead', 'tokens.cacheWrite', 'tokens.output', 'tokens.reasoning'];
const LATENCY_METRICS: readonly Metric[] = ['latency.p50', 'latency.p90', 'latency.p95', 'latency.p99'];
const TTFT_METRICS: readonly Metric[] = ['ttft.p50', 'ttft.p95'];
const CALLS: readonly Metric[] = ['calls'];
const COST: readonly Metric[] = ['cost'];
const ERRORS: readonly Metric[] = ['errors'];

/** Money drawn from a double, for tooltips: the exact figure is in the table and the tiles. */
const drawnUsd = (value: number) => formatUsd(value.toFixed(12));
const perSecondWords = (value: number) => `${formatShort(Number(value.toPrecision(3)))}/s`;

export function Overview({ url, update }: ScreenProps) {
  const t = useT();
  const overview = useRangeQuery<OverviewAnswer>('/api/v1/overview', url);
  const calls = useTimeseries(url, CALLS, url.by);
  const cost = useTimeseries(url, COST, url.by);
  const tokens = useTimeseries(url, TOKEN_METRICS);
  const latency = useTimeseries(url, LATENCY_METRICS);
  const errors = useTimeseries(url, ERRORS, 'errorClass');
  const ttft = useTimeseries(url, TTFT_METRICS);
  const go = useGo(update);

  const callsFrame = useFrame(calls, url);
  const rates = useMemo(
    () => named(calls, t, 'legend.calls').map((line) => perSecond(line, callsFrame.stepMs, callsFrame.fromMs, callsFrame.completeMs)),
    [calls, callsFrame, t],
  );
  const costs = useMemo(() => named(cost, t, 'chart.cost'), [cost, t]);
  const tokenLines = useMemo(() => byMetric(tokens, (metric) => t(metric as Key)), [tokens, t]);
  const latencyLines = useMemo(() => byMetric(latency, quantile), [latency]);
  const ttftLines = useMemo(() => byMetric(ttft, quantile), [ttft]);
  const errorLines = useMemo(() => named(errors, t, 'chart.failures').filter((line) => sumOf(line) > 0), [errors, t]);
  const costFrame = useFrame(cost, url);
  const step = { step: stepWords(callsFrame.stepMs, t) };
  const empty = overview.data !== undefined && overview.data.totals.calls === 0 && (overview.data.totals.events ?? 0) === 0;

  return (
    <>
      <Tiles overview={overview} rate={rates} cost={costs} latency={latencyLines} errors={errorLines} />
      {empty && !overview.isPlaceholderData && <NothingHere url={url} update={update} />}
      <Notes layers={overview.data?.layers} t={t} />
      <div className="filterbar" style={{ padding: '12px 0 8px' }}>
        <label className="inline-field">
          {t('chart.by')}
          <select className="select small" value={url.by ?? ''} onChange={(e) => update({ by: (e.target.value || null) as Dimension | null })}>
            <option value="">{t('chart.byNone')}</option>
            {BY.map((d) => (
              <option key={d} value={d}>
                {t(`dim.${d}`)}
              </option>
            ))}
          </select>
        </label>
        <div className="grow" />
        <span className="muted" style={{ fontSize: 12 }}>
          {t('chart.zoomHint')}
        </span>
      </div>
      <div className="grid two">
        <TimeChart {...shared(calls)} {...go()} name="rate" title={t('chart.rate')} unit={t('chart.rateUnit')} lines={rates} kind="area" stacked={url.by !== null} frame={callsFrame} format={perSecondWords} formatAxis={formatShort} legend={(line) => mean(line, perSecondWords)} />
        <TimeChart {...shared(cost)} {...go({ sort: '-cost' })} name="cost" title={t('chart.cost')} unit={t('chart.costUnit', step)} lines={costs} kind="bar" stacked={url.by !== null} frame={costFrame} format={drawnUsd} formatAxis={formatUsdAxis} legend={(line) => drawnUsd(sumOf(line))} />
        <TimeChart {...shared(latency)} {...go({ sort: '-duration' })} name="latency" title={t('chart.latency')} unit={t('chart.latencyUnit')} lines={latencyLines} kind="line" frame={useFrame(latency, url)} format={formatDuration} formatAxis={formatDurationAxis} legend={(line) => last(line, formatDuration)} />
        <TimeChart {...shared(tokens)} {...go({ sort: '-tokens' })} name="tokens" title={t('chart.tokens')} unit={t('chart.tokensUnit', step)} lines={tokenLines} kind="bar" stacked frame={useFrame(tokens, url)} format={formatCount} formatAxis={formatShort} legend={(line) => formatShort(sumOf(line))} />
        <TimeChart {...shared(errors)} {...go({ status: 'error' })} name="failures" title={t('chart.failures')} unit={t('chart.failuresUnit', step)} lines={errorLines} kind="bar" stacked frame={useFrame(errors, url)} format={formatCount} formatAxis={formatShort} legend={(line) => formatCount(sumOf(line))} colorOf={failureColor} emptyWords={t('analytics.noFailures')} />
        <TimeChart {...shared(ttft)} {...go({ sort: '-duration' })} name="ttft" title={t('chart.ttft')} unit={t('chart.ttftUnit')} lines={ttftLines} kind="line" frame={useFrame(ttft, url)} format={formatDuration} formatAxis={formatDurationAxis} legend={(line) => last(line, formatDuration)} />
      </div>
    </>
  );
}

/** Red first: the most frequent class stands out, the rest take the palette. */
function failureColor(_line: Line, index: number, palette: string[], bad: string): string {
  const order = [bad, palette[2], palette[3], palette[6], palette[5], palette[4], palette[7], palette[1], palette[0]];
  return order[index % order.length] ?? bad;
}

function quantile(metric: Metric): string {
  return metric.slice(metric.indexOf('.') + 1);
}

const mean = (line: Line, format: (v: number) => string) => {
  const drawn = line.points.filter(([, v]) => v !== null).length;
  return drawn === 0 ? null : format(sumOf(line) / drawn);
};

const last = (line: Line, format: (v: number) => string) => {
  const value = lastOf(line);
  return value === null ? null : format(value);
};

function named(many: ManySeries, t: Translate, single: Key): Line[] {
  const answer = many.answers[0];
  if (!answer) return [];
  return toLines(answer, (series: Series) => keyWords(series.key, t) || t(single));
}

function byMetric(many: ManySeries, name: (metric: Metric) => string): Line[] {
  return many.answers.flatMap((answer) => (answer ? toLines(answer, () => name(answer.metric)) : []));
}

function shared(many: ManySeries) {
  return { asked: many.asked, pending: many.pending, stale: many.stale, error: many.error, retry: many.refetch };
}

/** The axis of a chart: what the answer covers, or what was asked while none has come. */
function useFrame(many: ManySeries, url: UrlState) {
  const answer: Timeseries | undefined = many.answers[0];
  return useMemo(() => {
    if (answer) return { fromMs: Date.parse(answer.from), toMs: Date.parse(answer.to), stepMs: answer.step, completeMs: answer.completeThrough === null ? null : Date.parse(answer.completeThrough) };
    return { ...resolveRange(url.range, Date.now()), stepMs: 60_000, completeMs: null };
  }, [answer, url.range]);
}

/** Zoom of the whole page, and the way from a point to its traces. */
function useGo(update: UpdateUrl) {
  return (patch: Partial<UrlState> = {}) => ({
    onZoom: (fromMs: number, toMs: number) => update({ range: absoluteRange(fromMs, Math.max(toMs, fromMs + 1000)) }),
    onPick: (fromMs: number, toMs: number, exemplar: string | null) =>
      update({ tab: 'traces', range: absoluteRange(fromMs, toMs), sort: '-start', q: '', status: null, errorClass: null, ...patch, trace: exemplar }),
  });
}

function Notes({ layers, t }: { layers: Layers | undefined; t: Translate }) {
  // An empty line keeps the place.
  if (!layers) return <p style={{ fontSize: 12, marginTop: 8 }}>{'\u00a0'}</p>;
  const beside = Object.entries(layers.notCounted).filter(([, v]) => v.calls > 0);
  return (
    <p className="muted num" style={{ fontSize: 12, marginTop: 8 }}>
      {t('layers.counted', { layers: layers.counted.map((l) => t(`layer.${l}`)).join(' + ') })}
      {beside.length > 0 && ` · ${t('layers.beside', { list: beside.map(([l, v]) => `${t(`layer.${l}` as Key)} ${formatCount(v.calls)}${Number(v.usd) > 0 ? ` (${formatUsd(v.usd)})` : ''}`).join(', ') })}`}
    </p>
  );
}

function NothingHere({ url, update }: { url: UrlState; update: UpdateUrl }) {
  const t = useT();
  const wider = ['now-24h', 'now-7d', 'now-30d'].filter((from) => url.range.from !== from).map((from) => ({ from, to: 'now' }));
  return (
    <div className="panel section" style={{ padding: '12px 16px', flexDirection: 'row', alignItems: 'center', gap: 8, flexWrap: 'wrap' }}>
      <span>{t('state.emptyHint')}</span>
      <div className="grow" />
      {wider.map((range) => (
        <button key={range.from} type="button" className="btn small" onClick={() => update({ range })}>
          {t('state.tryRange', { range: rangeWords(range, t, Date.now()) })}
        </button>
      ))}
      {Object.keys(url.filters).length > 0 && (
        <button type="button" className="btn small" onClick={() => update({ filters: {} })}>
          {t('state.clearFilters')}
        </button>
      )}
    </div>
  );
}

