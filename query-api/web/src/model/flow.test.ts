/*
 * SPDX-License-Identifier: Apache-2.0
 */
import { describe, expect, it } from 'vitest';
import type { FlowEdge, FlowNode } from '../api/types';
import { layoutFlow } from './flow';

const node = (id: string, count = 1) => ({ id, count }) as FlowNode;
const edge = (source: string, target: string, over: Partial<FlowEdge> = {}) => ({ source, target, count: 1, loop: false, ...over }) as FlowEdge;

const at = (nodes: FlowNode[], edges: FlowEdge[]) => Object.fromEntries(layoutFlow(nodes, edges).nodes.map((p) => [p.node.id, [p.column, p.row]]));

describe('layoutFlow', () => {
  it('puts a node after the last of its callers', () => {
    expect(at([node('m'), node('a'), node('t')], [edge('a', 't'), edge('t', 'm'), edge('a', 'm')])).toEqual({ a: [0, 0], t: [1, 0], m: [2, 0] });
  });
  it('ends on loops, marked or not', () => {
    expect(at([node('a'), node('b')], [edge('a', 'b'), edge('b', 'a', { loop: true })])).toEqual({ a: [0, 0], b: [1, 0] });
    expect(at([node('a'), node('b')], [edge('a', 'b', { count: 2 }), edge('b', 'a')])).toEqual({ a: [0, 0], b: [1, 0] });
    expect(at([node('a')], [edge('a', 'a')])).toEqual({ a: [0, 0] });
  });
  it('keeps nodes near their callers', () => {
    const layout = at([node('a', 9), node('b', 5), node('x', 1), node('y', 7)], [edge('a', 'x'), edge('b', 'y')]);
    expect(layout).toEqual({ a: [0, 0], b: [0, 1], x: [1, 0], y: [1, 1] });
  });
  it('leaves out edges to nodes that are not there', () => {
    expect(layoutFlow([node('a')], [edge('a', 'gone')])).toMatchObject({ columns: 1, rows: 1 });
    expect(layoutFlow([], [])).toEqual({ nodes: [], columns: 0, rows: 0 });
  });
});
