/*
 * SPDX-License-Identifier: Apache-2.0
 */
/** The design tokens as charts need them: canvas cannot read CSS variables. */
export interface ChartColors {
  text: string;
  text2: string;
  text3: string;
  line: string;
  panel: string;
  raised: string;
  lineStrong: string;
  accent: string;
  bad: string;
  warn: string;
  good: string;
  hover: string;
  series: string[];
  heat: string[];
  font: string;
}

export function readColors(): ChartColors {
  const style = getComputedStyle(document.documentElement);
  const read = (name: string) => style.getPropertyValue(`--${name}`).trim();
  return {
    text: read('text'),
    text2: read('text-2'),
    text3: read('text-3'),
    line: read('line'),
    panel: read('panel'),
    raised: read('raised'),
    lineStrong: read('line-strong'),
    accent: read('accent'),
    bad: read('bad'),
    warn: read('warn'),
    good: read('good'),
    hover: read('hover'),
    series: [1, 2, 3, 4, 5, 6, 7, 8].map((n) => read(`c${n}`)),
    heat: [0, 1, 2, 3, 4].map((n) => read(`heat-${n}`)),
    font: read('font'),
  };
}
