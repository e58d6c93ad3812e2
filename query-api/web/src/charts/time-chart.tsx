/*
 * SPDX-License-Identifier: Apache-2.0
 */
import type { EChartsType } from 'echarts/core';
import { useMemo, useRef, useState } from 'react';
import { useT } from '../i18n';
import { formatDateTime } from '../model/format';
import { stepAt, type Line } from '../model/series';
import { ChartIcon, TableIcon } from '../ui/icons';
import type { Params } from '../api/client';
import { ExportLinks } from '../ui/export-links';
import { Panel } from '../ui/panel';
import { EmptyState } from '../ui/states';
import { DragLayer } from './drag';
import { EChart, useColors } from './echart';
import { timeOption, type TimeChartSpec } from './time-option';

export interface TimeChartProps {
  /** For tests and links. */
  name: string;
  title: string;
  unit: string;
  lines: readonly Line[];
  kind: TimeChartSpec['kind'];
  stacked?: boolean;
  /** By index into the palette; the order of lines when left out. */
  colorOf?: (line: Line, index: number, palette: string[], bad: string) => string;
  frame: { fromMs: number; toMs: number; stepMs: number; completeMs: number | null };
  format: (value: number) => string;
  formatAxis: (value: number) => string;
  /** Figure beside a name in the legend. */
  legend?: (line: Line) => string | null;
  /** Instead of "no data", where none is good news. */
  emptyWords?: string;
  /** The question behind the lines, where it is one. */
  asked: Params | null;
  pending: boolean;
  stale: boolean;
  error: Error | null;
  retry: () => void;
  onZoom: (fromMs: number, toMs: number) => void;
  /** A step was clicked; its exemplar trace if one is kept. */
  onPick: (fromMs: number, toMs: number, exemplar: string | null) => void;
}

const HEIGHT = 210;

/** A panel with lines or bars over time, a legend that picks lines, and the same figures as a table. */
export function TimeChart(props: TimeChartProps) {
  const { title, unit, lines, kind, stacked = false, frame, format, formatAxis } = props;
  const t = useT();
  const colors = useColors();
  const chart = useRef<EChartsType | null>(null);
  const [only, setOnly] = useState<string | null>(null);
  const [asTable, setAsTable] = useState(false);
  const palette = useMemo(
    () => lines.map((line, i) => props.colorOf?.(line, i, colors.series, colors.bad) ?? colors.series[i % colors.series.length] ?? colors.text),
    // colorOf is written in place by callers and says the same for the same lines.
    // eslint-disable-next-line react-hooks/exhaustive-deps
    [lines, colors],
  );
  const isolated = only !== null && lines.some((l) => l.name === only) ? only : null;
  const option = useMemo(() => {
    const kept = lines.map((line, i) => ({ line, color: palette[i] ?? '' })).filter(({ line }) => isolated === null || line.name === isolated);
    return timeOption(
      {
        lines: kept.map((k) => k.line),
        colors: kept.map((k) => k.color),
        kind,
        stacked,
        ...frame,
        format,
        formatAxis,
        words: { incomplete: t('chart.incomplete'), total: t('chart.total') },
      },
      colors,
    );
  }, [lines, palette, isolated, kind, stacked, frame, format, formatAxis, colors, t]);
  const empty = lines.every((line) => line.points.every(([, v]) => v === null || v === 0));
  const pick = (time: number) => {
    const first = lines[0];
    if (!first) return;
    const i = stepAt(first.points, frame.stepMs, time);
    const at = first.points[i]?.[0];
    if (at === undefined) return;
    const exemplar = lines.map((l) => l.exemplars[i] ?? null).find((x) => x !== null) ?? null;
    props.onPick(at, at + frame.stepMs, exemplar);
  };
  return (
    <Panel
      title={title}
      unit={unit}
      height={HEIGHT + 40}
      pending={props.pending}
      stale={props.stale}
      error={props.error}
      retry={props.retry}
      actions={
        <>
          {props.asked !== null && <ExportLinks asked={{ path: '/api/v1/timeseries', params: props.asked }} of={title} />}
        <button type="button" className="btn plain small icon" aria-pressed={asTable} title={t(asTable ? 'chart.chart' : 'chart.table')} aria-label={`${title}: ${t(asTable ? 'chart.chart' : 'chart.table')}`} onClick={() => setAsTable(!asTable)}>
          {asTable ? <ChartIcon size={15} /> : <TableIcon size={15} />}
        </button>
        </>
      }
    >
      {empty ? (
        <EmptyState title={props.emptyWords ?? t('state.empty')} />
      ) : asTable ? (
        <SeriesTable lines={lines} format={format} />
      ) : (
        <div data-chart={props.name} title={undefined}>
          <DragLayer chart={chart} height={HEIGHT} onZoom={props.onZoom} onPick={pick}>
            <EChart option={option} instance={chart} label={`${title}, ${unit}`} />
          </DragLayer>
          <div className="legend" role="group" aria-label={title}>
            {lines.map((line, i) => {
              const figure = props.legend?.(line) ?? null;
              return (
                <button key={line.id} type="button" aria-pressed={isolated === null || isolated === line.name} onClick={() => setOnly(isolated === line.name ? null : line.name)}>
                  <span className="swatch" style={{ background: palette[i] }} />
                  {line.name}
                  {figure !== null && <span className="num">{figure}</span>}
                </button>
              );
            })}
          </div>
        </div>
      )}
    </Panel>
  );
}

function SeriesTable({ lines, format }: { lines: readonly Line[]; format: (value: number) => string }) {
  const t = useT();
  const times = lines[0]?.points.map(([time]) => time) ?? [];
  return (
    <div className="chart-table" style={{ height: HEIGHT + 24 }} tabIndex={0}>
      <table className="table">
        <thead>
          <tr>
            <th>{t('chart.time')}</th>
            {lines.map((line) => (
              <th key={line.id} className="r">
                {line.name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {times
            .map((time, i) => (
              <tr key={time}>
                <td>{formatDateTime(time)}</td>
                {lines.map((line) => {
                  const v = line.points[i]?.[1] ?? null;
                  return (
                    <td key={line.id} className="r">
                      {v === null ? '—' : format(v)}
                    </td>
                  );
                })}
              </tr>
            ))
            .reverse()}
        </tbody>
      </table>
    </div>
  );
}
