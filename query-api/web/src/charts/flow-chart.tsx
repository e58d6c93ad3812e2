/*
 * SPDX-License-Identifier: Apache-2.0
 */
import type { EChartsCoreOption } from 'echarts/core';
import { useEffect, useMemo, useRef, useState } from 'react';
import type { Flow, FlowEdge, FlowNode } from '../api/types';
import { useT, type Translate } from '../i18n';
import { formatCount, formatDuration, formatPercent, formatShort } from '../model/format';
import { layoutFlow } from '../model/flow';
import { formatUsd } from '../model/money';
import { EChart, useColors } from './echart';
import type { ChartColors } from './theme';
import { tooltipNode } from './tooltip';

interface FlowChartProps {
  flow: Flow;
  height: number;
  onNode?: (node: FlowNode) => void;
}

const NODE_HEIGHT = 38;

/** Agents, tools and models as layers from left to right. */
export function FlowChart({ flow, height, onNode }: FlowChartProps) {
  const t = useT();
  const colors = useColors();
  const host = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(900);
  useEffect(() => {
    const element = host.current;
    if (!element) return;
    const observer = new ResizeObserver(() => setWidth(element.clientWidth));
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  const option = useMemo(() => flowOption(flow, width, height, colors, t), [flow, width, height, colors, t]);
  return (
    <div ref={host} className="chart" style={{ height }} data-chart="flow">
      <EChart
        option={option}
        label={t('analytics.flow')}
        onClick={(params) => {
          const { dataType, name } = params as { dataType?: string; name?: string };
          const node = dataType === 'node' ? flow.nodes.find((n) => n.id === name) : undefined;
          if (node) onNode?.(node);
        }}
      />
    </div>
  );
}

function kindColor(kind: FlowNode['kind'], colors: ChartColors): string {
  const order: FlowNode['kind'][] = ['model', 'service', 'tool', 'workflow', 'agent'];
  const palette = [colors.series[0], colors.series[7], colors.series[2], colors.series[3], colors.series[5]];
  return palette[order.indexOf(kind)] ?? colors.accent;
}

function flowOption(flow: Flow, width: number, height: number, colors: ChartColors, t: Translate): EChartsCoreOption {
  const layout = layoutFlow(flow.nodes, flow.edges);
  const nodeWidth = Math.min(170, Math.max(96, width / Math.max(1, layout.columns) - 60));
  const nodeHeight = Math.min(NODE_HEIGHT, Math.max(18, (height - 20) / Math.max(1, layout.rows) - 6));
  const perColumn = new Map<number, number>();
  for (const p of layout.nodes) perColumn.set(p.column, (perColumn.get(p.column) ?? 0) + 1);
  const x = (column: number) => (layout.columns === 1 ? width / 2 : nodeWidth / 2 + 8 + (column / (layout.columns - 1)) * (width - nodeWidth - 16));
  const y = (column: number, row: number) => {
    const n = perColumn.get(column) ?? 1;
    const gap = Math.min(78, (height - nodeHeight - 16) / Math.max(1, layout.rows - 1));
    return height / 2 + (row - (n - 1) / 2) * gap;
  };
  const most = Math.max(1, ...flow.edges.map((e) => e.count));
  const column = new Map(layout.nodes.map((p) => [p.node.id, p.column]));
  return {
    animation: false,
    textStyle: { fontFamily: colors.font },
    tooltip: {
      appendTo: 'body',
      transitionDuration: 0,
      backgroundColor: colors.raised,
      borderColor: colors.lineStrong,
      padding: [8, 10],
      extraCssText: 'z-index:65;border-radius:8px;box-shadow:0 8px 24px rgba(0,0,0,.18);',
      formatter: (params: unknown) => flowTooltip(params as { dataType: string; dataIndex: number }, layout.nodes.map((p) => p.node), flow.edges, colors, t),
    },
    series: [
      {
        type: 'graph',
        coordinateSystem: undefined,
        layout: 'none',
        left: 0,
        top: 0,
        width,
        height,
        // Corners without a sign keep the picture at the scale of the box.
        data: [
          ...layout.nodes.map(({ node, column: c, row }) => ({
            name: node.id,
            x: x(c),
            y: y(c, row),
            // The label draws the box: a symbol's border would be stretched with it.
            symbol: 'rect',
            symbolSize: [nodeWidth, nodeHeight],
            itemStyle: { color: colors.panel },
            label: {
              show: true,
              width: nodeWidth,
              padding: [(nodeHeight - (nodeHeight > 28 ? 30 : 16)) / 2, 0],
              align: 'center',
              verticalAlign: 'middle',
              backgroundColor: colors.panel,
              borderColor: (node.failRate ?? 0) > 0.1 ? colors.bad : kindColor(node.kind, colors),
              borderWidth: 1.5,
              borderRadius: 7,
              formatter: nodeHeight > 28 ? `{n|${short(node.name, nodeWidth)}}\n{c|${t(`flow.${node.kind}`)} · ${formatShort(node.count)}}` : `{n|${short(node.name, nodeWidth)}}`,
              rich: { n: { color: colors.text, fontSize: 12, fontWeight: 600, lineHeight: 16, align: 'center' }, c: { color: colors.text3, fontSize: 10.5, lineHeight: 14, align: 'center' } },
            },
          })),
          ...[
            [0, 0],
            [width, height],
          ].map(([cx, cy], i) => ({ name: `corner ${i}`, x: cx, y: cy, symbolSize: 0.01, label: { show: false }, tooltip: { show: false }, silent: true })),
        ],
        links: flow.edges
          .filter((e) => column.has(e.source) && column.has(e.target))
          .map((e) => ({
            source: e.source,
            target: e.target,
            symbol: 'none',
            lineStyle: {
              width: 1 + 5 * Math.sqrt(e.count / most),
              color: (e.failRate ?? 0) > 0.05 ? colors.bad : colors.text3,
              opacity: (e.failRate ?? 0) > 0.05 ? 0.7 : 0.38,
              type: e.loop ? 'dashed' : 'solid',
              curveness: (column.get(e.target) ?? 0) > (column.get(e.source) ?? 0) ? 0.08 : 0.45,
            },
          })),
        emphasis: { focus: 'adjacency', lineStyle: { opacity: 0.85 } },
        roam: false,
      },
    ],
  };
}

/** Tall enough for the fullest layer. */
export function flowHeight(flow: Flow): number {
  return Math.min(720, Math.max(200, layoutFlow(flow.nodes, flow.edges).rows * 54 + 30));
}

/** Cut to about what fits; the whole name is in the tooltip. */
function short(name: string, width: number): string {
  const fits = Math.floor(width / 7) - 1;
  const plain = name.replace(/[{}|\n]/g, ' ');
  return plain.length > fits ? `${plain.slice(0, fits - 1)}…` : plain;
}

function flowTooltip(params: { dataType: string; dataIndex: number }, nodes: FlowNode[], edges: FlowEdge[], colors: ChartColors, t: Translate): HTMLElement | string {
  const node = params.dataType === 'node' ? nodes[params.dataIndex] : undefined;
  const edge = params.dataType === 'edge' ? edges[params.dataIndex] : undefined;
  const item = node ?? edge;
  if (!item) return '';
  const name = (id: string) => nodes.find((n) => n.id === id)?.name ?? id;
  const head = node ? `${t(`flow.${node.kind}`)} · ${node.name}` : `${name(edge?.source ?? '')} → ${name(edge?.target ?? '')}`;
  const color = node ? kindColor(node.kind, colors) : colors.text3;
  const rows = [
    { color, name: t('flow.runs'), value: formatCount(item.count) },
    { color: item.errors > 0 ? colors.bad : color, name: t('analytics.failRate'), value: item.failRate === null ? '—' : formatPercent(item.failRate) },
    { color, name: 'p50', value: item.p50Ms === null ? '—' : formatDuration(item.p50Ms) },
    { color, name: 'p95', value: item.p95Ms === null ? '—' : formatDuration(item.p95Ms) },
  ];
  if (item.costUsd !== null) rows.push({ color, name: t('analytics.cost'), value: formatUsd(item.costUsd) });
  const notes = edge ? [edge.loop ? t('flow.loop') : '', edge.retries > 0 ? t('flow.retries', { n: edge.retries }) : ''].filter((x) => x !== '') : [];
  return tooltipNode(head, rows, notes.length > 0 ? notes.join(' · ') : null);
}
