/*
 * SPDX-License-Identifier: Apache-2.0
 */
import type { EChartsType } from 'echarts/core';
import { useRef, useState, type PointerEvent, type ReactNode, type RefObject } from 'react';
import { PLOT } from './time-option';

interface DragLayerProps {
  chart: RefObject<EChartsType | null>;
  height: number;
  left?: number;
  /** Dragged over a span of time. */
  onZoom: (fromMs: number, toMs: number) => void;
  /** Pressed at a moment, without dragging. */
  onPick: (t: number, y: number) => void;
  /** Time under a pixel of the plot; the chart's own x axis when left out. */
  toTime?: (pixel: number) => number | null;
  children: ReactNode;
}

/** Below this many pixels a drag is a click. */
const SLOP = 5;

/** Drag to zoom and click to pick over a chart with time from left to right. */
export function DragLayer({ chart, height, left = PLOT.left, onZoom, onPick, toTime, children }: DragLayerProps) {
  const start = useRef<number | null>(null);
  const [band, setBand] = useState<{ left: number; width: number } | null>(null);
  const at = (e: PointerEvent<HTMLDivElement>) => {
    const box = e.currentTarget.getBoundingClientRect();
    return Math.min(Math.max(e.clientX - box.left, left), box.width - PLOT.right);
  };
  const time = (pixel: number): number | null => {
    if (toTime) return toTime(pixel);
    const value: unknown = chart.current?.convertFromPixel({ xAxisIndex: 0 }, pixel);
    return typeof value === 'number' && Number.isFinite(value) ? value : null;
  };
  return (
    <div
      className="chart"
      style={{ height }}
      onPointerDown={(e) => {
        if (e.button === 0 && e.pointerType !== 'touch') start.current = at(e);
      }}
      onPointerMove={(e) => {
        if (start.current === null) return;
        const x = at(e);
        if (Math.abs(x - start.current) < SLOP) return;
        if (!band) e.currentTarget.setPointerCapture(e.pointerId);
        setBand({ left: Math.min(x, start.current), width: Math.abs(x - start.current) });
      }}
      onPointerUp={(e) => {
        const from = start.current;
        start.current = null;
        setBand(null);
        if (from === null) return;
        const to = at(e);
        const [a, b] = [time(Math.min(from, to)), time(Math.max(from, to))];
        if (a === null || b === null) return;
        if (Math.abs(to - from) >= SLOP) onZoom(a, b);
        else onPick(a, e.clientY - e.currentTarget.getBoundingClientRect().top);
      }}
      onPointerCancel={() => {
        start.current = null;
        setBand(null);
      }}
    >
      {children}
      {band && <div className="chart-brush" style={band} />}
    </div>
  );
}
