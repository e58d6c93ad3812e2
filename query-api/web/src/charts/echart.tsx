/*
 * SPDX-License-Identifier: Apache-2.0
 */
import { BarChart, GraphChart, HeatmapChart, LineChart } from 'echarts/charts';
import { GridComponent, MarkAreaComponent, TooltipComponent, VisualMapComponent } from 'echarts/components';
import { init, use, type EChartsCoreOption, type EChartsType } from 'echarts/core';
import { CanvasRenderer } from 'echarts/renderers';
import { useEffect, useMemo, useRef, type RefObject } from 'react';
import { useDark } from '../ui/theme';
import { readColors, type ChartColors } from './theme';

use([BarChart, GraphChart, HeatmapChart, LineChart, GridComponent, MarkAreaComponent, TooltipComponent, VisualMapComponent, CanvasRenderer]);

/** Colours of the theme shown now; read anew when it changes. */
export function useColors(): ChartColors {
  const dark = useDark();
  return useMemo(() => {
    void dark;
    return readColors();
  }, [dark]);
}

interface EChartProps {
  option: EChartsCoreOption;
  label: string;
  /** Given the instance once it exists, null when it goes. */
  instance?: RefObject<EChartsType | null>;
  onClick?: (params: unknown) => void;
}

/** One canvas that fills its parent and follows its size. */
export function EChart({ option, label, instance, onClick }: EChartProps) {
  const host = useRef<HTMLDivElement>(null);
  const own = useRef<EChartsType | null>(null);
  const click = useRef(onClick);
  useEffect(() => {
    click.current = onClick;
  }, [onClick]);
  useEffect(() => {
    const element = host.current;
    if (!element) return;
    const chart = init(element, null, { renderer: 'canvas' });
    own.current = chart;
    if (instance) instance.current = chart;
    chart.on('click', (params) => click.current?.(params));
    const observer = new ResizeObserver(() => chart.resize());
    observer.observe(element);
    return () => {
      observer.disconnect();
      own.current = null;
      if (instance) instance.current = null;
      chart.dispose();
    };
  }, [instance]);
  useEffect(() => {
    own.current?.setOption(option, { notMerge: true });
  }, [option]);
  return <div ref={host} className="chart-canvas" role="img" aria-label={label} />;
}
