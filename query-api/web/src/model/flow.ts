/*
 * SPDX-License-Identifier: Apache-2.0
 */
import type { FlowEdge, FlowNode } from '../api/types';

/** A node at its place: column from the left, row within the column, both from 0, in units of `columns` and `rows`. */
export interface PlacedNode {
  node: FlowNode;
  column: number;
  row: number;
}

export interface FlowLayout {
  nodes: PlacedNode[];
  columns: number;
  /** Most nodes in one column. */
  rows: number;
}

/**
 * Layers from left to right: a node stands one column after the last of its callers, edges that close a loop left aside. Within a column
 * nodes stand near their callers. The same answer always gives the same picture.
 */
export function layoutFlow(nodes: readonly FlowNode[], edges: readonly FlowEdge[]): FlowLayout {
  const ids = new Set(nodes.map((n) => n.id));
  const forward = withoutCycles(
    nodes,
    edges.filter((e) => !e.loop && e.source !== e.target && ids.has(e.source) && ids.has(e.target)),
  );
  const column = new Map(nodes.map((n) => [n.id, 0]));
  for (let pass = 0; pass < nodes.length; pass++) {
    let moved = false;
    for (const e of forward) {
      const wanted = (column.get(e.source) ?? 0) + 1;
      if (wanted > (column.get(e.target) ?? 0)) {
        column.set(e.target, wanted);
        moved = true;
      }
    }
    if (!moved) break;
  }
  const columns = Math.max(0, ...column.values()) + (nodes.length > 0 ? 1 : 0);
  const placed: PlacedNode[] = [];
  const rowOf = new Map<string, number>();
  let rows = 0;
  for (let c = 0; c < columns; c++) {
    const here = nodes.filter((n) => column.get(n.id) === c);
    const pull = (n: FlowNode) => {
      const callers = forward.filter((e) => e.target === n.id).map((e) => rowOf.get(e.source) ?? 0);
      return callers.length === 0 ? Infinity : callers.reduce((a, b) => a + b, 0) / callers.length;
    };
    const sorted = [...here].sort((a, b) => cmp(pull(a), pull(b)) || b.count - a.count || a.id.localeCompare(b.id));
    sorted.forEach((node, row) => {
      rowOf.set(node.id, row - (sorted.length - 1) / 2);
      placed.push({ node, column: c, row });
    });
    rows = Math.max(rows, sorted.length);
  }
  return { nodes: placed, columns, rows };
}

const cmp = (a: number, b: number) => (a === b ? 0 : a < b ? -1 : 1);

/** Leaves out the edges that would lead back to a node still being walked: not every loop is marked. */
function withoutCycles(nodes: readonly FlowNode[], edges: readonly FlowEdge[]): FlowEdge[] {
  const out = new Map<string, FlowEdge[]>();
  for (const e of [...edges].sort((a, b) => b.count - a.count || a.target.localeCompare(b.target))) out.set(e.source, [...(out.get(e.source) ?? []), e]);
  const state = new Map<string, 'walking' | 'done'>();
  const kept: FlowEdge[] = [];
  const walk = (id: string) => {
    state.set(id, 'walking');
    for (const e of out.get(id) ?? []) {
      const target = state.get(e.target);
      if (target === 'walking') continue;
      kept.push(e);
      if (target === undefined) walk(e.target);
    }
    state.set(id, 'done');
  };
  const called = new Set(edges.map((e) => e.target));
  for (const n of [...nodes].sort((a, b) => Number(called.has(a.id)) - Number(called.has(b.id)) || a.id.localeCompare(b.id))) if (!state.has(n.id)) walk(n.id);
  return kept;
}
