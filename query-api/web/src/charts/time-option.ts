/*
 * SPDX-License-Identifier: Apache-2.0
 */
import type { EChartsCoreOption } from 'echarts/core';
import { formatAxisTime, formatDateTime } from '../model/format';
import { isAlone, type Line } from '../model/series';
import type { ChartColors } from './theme';
import { tooltipNode } from './tooltip';

export interface TimeChartSpec {
  lines: readonly Line[];
  /** One a line, in the same order. */
  colors: readonly string[];
  kind: 'line' | 'area' | 'bar';
  stacked: boolean;
  fromMs: number;
  toMs: number;
  stepMs: number;
  /** What lies after it may still grow; shaded. */
  completeMs: number | null;
  format: (value: number) => string;
  formatAxis: (value: number) => string;
  words: { incomplete: string; total: string };
}

/** Margins of the plot inside the chart; the drag layer uses them too. */
export const PLOT = { left: 68, right: 10, top: 10, bottom: 24 } as const;

/** Bars stand on the middle of their step. */
function plotTime(spec: TimeChartSpec, t: number): number {
  return spec.kind === 'bar' ? t + spec.stepMs / 2 : t;
}

export function timeOption(spec: TimeChartSpec, colors: ChartColors): EChartsCoreOption {
  const shade = spec.completeMs !== null && spec.completeMs < spec.toMs ? Math.max(spec.completeMs, spec.fromMs) : null;
  return {
    animation: false,
    textStyle: { fontFamily: colors.font },
    grid: { ...PLOT, outerBoundsMode: 'none' },
    xAxis: {
      type: 'time',
      min: spec.fromMs,
      max: spec.toMs,
      axisLine: { lineStyle: { color: colors.line } },
      axisTick: { show: false },
      splitLine: { show: false },
      axisLabel: { color: colors.text3, fontSize: 11, hideOverlap: true, formatter: (t: number) => formatAxisTime(t), showMinLabel: false, showMaxLabel: false },
      axisPointer: { lineStyle: { color: colors.lineStrong, type: 'solid' }, label: { show: false } },
    },
    yAxis: {
      type: 'value',
      min: 0,
      splitNumber: 4,
      axisLabel: { color: colors.text3, fontSize: 11, formatter: (v: number) => spec.formatAxis(v) },
      splitLine: { lineStyle: { color: colors.line } },
    },
    tooltip: {
      trigger: 'axis',
      confine: false,
      appendTo: 'body',
      transitionDuration: 0,
      backgroundColor: colors.raised,
      borderColor: colors.lineStrong,
      padding: [8, 10],
      extraCssText: 'z-index:65;border-radius:8px;box-shadow:0 8px 24px rgba(0,0,0,.18);',
      axisPointer: { type: spec.kind === 'bar' ? 'shadow' : 'line', shadowStyle: { color: colors.hover, opacity: 0.8 } },
      formatter: (items: unknown) => timeTooltip(items, spec),
    },
    series: spec.lines.map((line, i) => ({
      id: line.id,
      name: line.name,
      type: spec.kind === 'bar' ? 'bar' : 'line',
      stack: spec.stacked ? 'all' : undefined,
      data: line.points.map(([t, v], j) => (spec.kind !== 'bar' && isAlone(line.points, j) ? { value: [plotTime(spec, t), v], symbol: 'circle' } : [plotTime(spec, t), v])),
      color: spec.colors[i],
      // Only points between two gaps have a mark of their own.
      showSymbol: true,
      symbol: 'none',
      symbolSize: 5,
      connectNulls: false,
      lineStyle: { width: 1.6 },
      areaStyle: spec.kind === 'area' ? { opacity: spec.stacked ? 0.32 : 0.14 } : undefined,
      barMaxWidth: 26,
      barCategoryGap: '22%',
      itemStyle: spec.kind === 'bar' ? { borderRadius: spec.stacked ? 0 : [2, 2, 0, 0] } : undefined,
      emphasis: { disabled: true },
      z: 3,
      markArea: i === 0 && shade !== null ? { silent: true, itemStyle: { color: colors.text3, opacity: 0.08 }, data: [[{ xAxis: shade }, { xAxis: spec.toMs }]] } : undefined,
    })),
  };
}

/** What ECharts hands to an axis tooltip's formatter, as far as it is used. */
interface AxisItem {
  seriesId: string;
  dataIndex: number;
}

function timeTooltip(items: unknown, spec: TimeChartSpec): HTMLElement | string {
  const list = items as AxisItem[];
  const first = list[0];
  if (!first) return '';
  const rows = list
    .map((item) => {
      const index = spec.lines.findIndex((l) => l.id === item.seriesId);
      return { index, value: spec.lines[index]?.points[item.dataIndex]?.[1] ?? null };
    })
    .filter((r): r is { index: number; value: number } => r.index >= 0 && r.value !== null);
  const t = spec.lines.find((l) => l.id === first.seriesId)?.points[first.dataIndex]?.[0] ?? 0;
  const end = t + spec.stepMs;
  const head = `${formatDateTime(t)} – ${formatDateTime(end).slice(11)}`;
  const shown = spec.stacked ? rows.filter((r) => r.value !== 0) : rows;
  const sorted = spec.stacked ? [...shown].sort((a, b) => b.value - a.value) : shown;
  const tips = (sorted.length === 0 ? rows.slice(0, 1) : sorted).slice(0, 12).map((r) => ({
    color: spec.colors[r.index] ?? '',
    name: spec.lines[r.index]?.name ?? '',
    value: spec.format(r.value),
  }));
  if (spec.stacked && tips.length > 1) tips.push({ color: 'transparent', name: spec.words.total, value: spec.format(rows.reduce((sum, r) => sum + r.value, 0)) });
  return tooltipNode(head, tips, spec.completeMs !== null && end > spec.completeMs ? spec.words.incomplete : null);
}
