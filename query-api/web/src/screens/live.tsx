/*
 * SPDX-License-Identifier: Apache-2.0
 */
import { useEffect, useMemo, useRef, useState } from 'react';
import { withParams } from '../api/client';
import { rangeParams } from '../api/queries';
import type { CallRow, LiveEvent } from '../api/types';
import { useT } from '../i18n';
import { formatClock, formatDuration, formatShort } from '../model/format';
import type { UrlState } from '../state/url';
import { CallCost } from '../ui/money';
import { EmptyState } from '../ui/states';
import { errorWords, valueWords } from './words';

/** Rows kept on the screen; older ones fall off. */
const KEPT = 200;

/** Finished calls as they arrive, newest on top. */
export function LiveCalls({ url, onOpen }: { url: UrlState; onOpen: (traceId: string) => void }) {
  const t = useT();
  const [calls, setCalls] = useState<CallRow[]>([]);
  const [dropped, setDropped] = useState(0);
  const [broken, setBroken] = useState(false);
  const waiting = useRef<CallRow[]>([]);
  const address = useMemo(() => {
    const params = { ...rangeParams(url), from: null, to: null };
    return withParams('/api/v1/live', params);
  }, [url]);
  useEffect(() => {
    const source = new EventSource(address);
    source.onopen = () => setBroken(false);
    source.onerror = () => setBroken(true);
    source.addEventListener('call', (e: MessageEvent<string>) => {
      waiting.current.unshift(JSON.parse(e.data) as CallRow);
      waiting.current.length = Math.min(waiting.current.length, KEPT);
    });
    source.addEventListener('dropped', (e: MessageEvent<string>) => {
      const { calls: n } = JSON.parse(e.data) as Extract<LiveEvent, { event: 'dropped' }>['data'];
      setDropped((d) => d + (n ?? 1));
    });
    // One drawing for many events.
    const timer = window.setInterval(() => {
      if (waiting.current.length === 0) return;
      const fresh = waiting.current.splice(0);
      setCalls((old) => [...fresh, ...old].slice(0, KEPT));
    }, 250);
    return () => {
      window.clearInterval(timer);
      source.close();
    };
  }, [address]);
  return (
    <div className="panel list">
      <div className="list-scroll" tabIndex={0} aria-label={t('live.title')}>
        {calls.length === 0 ? (
          <EmptyState title={broken ? t('fresh.unreachable') : t('live.waiting')} />
        ) : (
          <table className="table">
            <thead>
              <tr>
                <th>{t('traces.time')}</th>
                <th>{t('traces.name')}</th>
                <th>{t('dim.model')}</th>
                <th>{t('traces.status')}</th>
                <th className="r">{t('traces.duration')}</th>
                <th className="r">{t('traces.tokens')}</th>
                <th className="r">{t('traces.cost')}</th>
                <th>{t('traces.who')}</th>
              </tr>
            </thead>
            <tbody>
              {calls.map((call) => (
                <tr key={`${call.traceId}/${call.spanId}/${call.end}`} className="link" onClick={() => onOpen(call.traceId)}>
                  <td className="muted">{formatClock(call.end, true)}</td>
                  <td>
                    <button type="button" className="linklike">
                      {call.name}
                    </button>
                  </td>
                  <td>{valueWords(call.model, t)}</td>
                  <td>{call.status === 'ok' ? <span className="badge good">{t('traces.ok')}</span> : <span className="badge bad">{errorWords(call.errorClass ?? 'other', t)}</span>}</td>
                  <td className="r">{formatDuration(call.durationMs)}</td>
                  <td className="r">{call.tokens === null ? '—' : formatShort(call.tokens.total)}</td>
                  <td className="r">
                    <CallCost usd={call.costUsd} kind={call.costKind} />
                  </td>
                  <td className="muted">{call.user || call.team || '—'}</td>
                </tr>
              ))}
            </tbody>
          </table>
        )}
      </div>
      <div className="list-foot">
        <span>{dropped > 0 ? t('live.dropped', { n: dropped }) : ''}</span>
      </div>
    </div>
  );
}
