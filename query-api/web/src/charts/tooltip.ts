/*
 * SPDX-License-Identifier: Apache-2.0
 */
/** One line of a chart's tooltip. */
export interface TipRow {
  color: string;
  name: string;
  value: string;
}

/** Built from nodes, never from markup: names come from spans. */
export function tooltipNode(head: string, rows: readonly TipRow[], foot: string | null = null): HTMLElement {
  const node = element('div', 'charttip');
  node.append(element('div', 'charttip-head', head));
  for (const row of rows) {
    const line = element('div', 'charttip-row');
    const swatch = element('span', 'swatch');
    swatch.style.background = row.color;
    line.append(swatch, element('span', 'name', row.name), element('span', 'value', row.value));
    node.append(line);
  }
  if (foot !== null) node.append(element('div', 'charttip-foot', foot));
  return node;
}

function element(tag: string, className: string, text = ''): HTMLElement {
  const node = document.createElement(tag);
  node.className = className;
  node.textContent = text;
  return node;
}
