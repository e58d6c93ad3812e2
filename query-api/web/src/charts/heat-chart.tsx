/*
 * SPDX-License-Identifier: Apache-2.0
 */
import type { EChartsCoreOption, EChartsType } from 'echarts/core';
import { useMemo, useRef } from 'react';
import type { Heatmap } from '../api/types';
import { useT, type Translate } from '../i18n';
import { formatAxisTime, formatCount, formatDateTime, formatDuration } from '../model/format';
import { heatGrid, type HeatGrid } from '../model/heat';
import { DragLayer } from './drag';
import { EChart, useColors } from './echart';
import type { ChartColors } from './theme';
import { PLOT } from './time-option';
import { tooltipNode } from './tooltip';

interface HeatChartProps {
  heatmap: Heatmap;
  height: number;
  onZoom: (fromMs: number, toMs: number) => void;
  /** A cell: its time and the shortest duration in it. */
  onPick: (fromMs: number, toMs: number, lowMs: number) => void;
}

/** Calls by time and duration; darker is more. */
export function HeatChart({ heatmap, height, onZoom, onPick }: HeatChartProps) {
  const t = useT();
  const colors = useColors();
  const chart = useRef<EChartsType | null>(null);
  const grid = useMemo(() => heatGrid(heatmap), [heatmap]);
  const option = useMemo(() => heatOption(grid, heatmap.step, colors, t), [grid, heatmap.step, colors, t]);
  const column = (pixel: number): number | null => {
    const value: unknown = chart.current?.convertFromPixel({ xAxisIndex: 0 }, pixel);
    return typeof value === 'number' && Number.isFinite(value) ? Math.min(Math.max(Math.round(value), 0), grid.times.length - 1) : null;
  };
  return (
    <div data-chart="heatmap">
      <DragLayer
        chart={chart}
        height={height}
        toTime={(pixel) => grid.times[column(pixel) ?? -1] ?? null}
        onZoom={(from, to) => onZoom(from, to + heatmap.step)}
        onPick={(time, y) => {
          const row: unknown = chart.current?.convertFromPixel({ yAxisIndex: 0 }, y);
          const low = typeof row === 'number' ? grid.rows[Math.round(row)]?.low : undefined;
          if (low !== undefined) onPick(time, time + heatmap.step, low);
        }}
      >
        <EChart option={option} instance={chart} label={t('analytics.heatmap')} />
      </DragLayer>
    </div>
  );
}

function heatOption(grid: HeatGrid, stepMs: number, colors: ChartColors, t: Translate): EChartsCoreOption {
  return {
    animation: false,
    textStyle: { fontFamily: colors.font },
    grid: { ...PLOT, outerBoundsMode: 'none' },
    xAxis: {
      type: 'category',
      data: grid.times.map((time) => formatAxisTime(time)),
      axisLine: { lineStyle: { color: colors.line } },
      axisTick: { show: false },
      axisLabel: { color: colors.text3, fontSize: 11, hideOverlap: true, interval: Math.max(0, Math.ceil(grid.times.length / 9) - 1) },
    },
    yAxis: {
      type: 'category',
      data: grid.rows.map((row) => formatDuration(row.high)),
      axisLine: { show: false },
      axisTick: { show: false },
      splitLine: { show: false },
      axisLabel: { color: colors.text3, fontSize: 11, interval: Math.max(0, Math.ceil(grid.rows.length / 7) - 1) },
    },
    // Few calls must be seen beside many: shades go by the root of the count.
    visualMap: { show: false, type: 'continuous', dimension: 2, min: 0, max: Math.max(1, Math.sqrt(grid.most)), inRange: { color: colors.heat } },
    tooltip: {
      appendTo: 'body',
      transitionDuration: 0,
      backgroundColor: colors.raised,
      borderColor: colors.lineStrong,
      padding: [8, 10],
      extraCssText: 'z-index:65;border-radius:8px;box-shadow:0 8px 24px rgba(0,0,0,.18);',
      formatter: (params: unknown) => {
        const [x = 0, y = 0, , count = 0] = (params as { value: number[] }).value;
        const time = grid.times[x] ?? 0;
        const row = grid.rows[y];
        const head = `${formatDateTime(time)} – ${formatDateTime(time + stepMs).slice(11)}`;
        return tooltipNode(head, [{ color: colors.accent, name: row ? `${formatDuration(row.low)} – ${formatDuration(row.high)}` : '', value: `${formatCount(count)} ${t('analytics.calls')}` }]);
      },
    },
    series: [
      {
        type: 'heatmap',
        data: grid.cells.map(([x, y, count]) => [x, y, Math.sqrt(count), count]),
        itemStyle: { borderColor: colors.panel, borderWidth: 1, borderRadius: 2 },
        emphasis: { itemStyle: { borderColor: colors.text, borderWidth: 1 } },
        progressive: 0,
      },
    ],
  };
}
