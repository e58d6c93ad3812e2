/*
 * SPDX-License-Identifier: Apache-2.0
 */
import type { ReactNode } from 'react';
import { ErrorState, Skeleton } from './states';

interface PanelProps {
  title: string;
  unit?: string | undefined;
  actions?: ReactNode;
  /** Fixed, so that nothing moves while answers come in. */
  height?: number | undefined;
  pending?: boolean;
  stale?: boolean;
  error?: Error | null;
  retry?: () => void;
  flush?: boolean;
  children: ReactNode;
}

/** A titled box that waits, fails and shows in the same place and size. */
export function Panel({ title, unit, actions, height, pending = false, stale = false, error = null, retry, flush = false, children }: PanelProps) {
  return (
    <section className="panel" aria-label={title} aria-busy={pending}>
      <div className="panel-head">
        <h2>{title}</h2>
        {unit !== undefined && <span className="unit ellipsis">{unit}</span>}
        <div className="grow" />
        {actions}
      </div>
      <div className={`panel-body${flush ? ' flush' : ''}${stale ? ' stale' : ''}`} style={height === undefined ? undefined : { height }}>
        {error && retry ? <ErrorState error={error} retry={retry} /> : pending ? <Skeleton height={height === undefined ? 120 : '100%'} /> : children}
      </div>
    </section>
  );
}
