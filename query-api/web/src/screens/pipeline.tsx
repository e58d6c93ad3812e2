/*
 * SPDX-License-Identifier: Apache-2.0
 */
import type { Iso, Status } from '../api/types';
import { useRuns, useStatus } from '../api/queries';
import type { ScreenProps } from '../app';
import { useT, type Translate } from '../i18n';
import { formatBytes, formatClock, formatCount, formatDateTime, formatDuration } from '../model/format';
import { REFRESH_MS } from '../state/url';
import { Panel } from '../ui/panel';
import { EmptyState, ErrorState, Skeleton } from '../ui/states';
import { RunsPanel } from './runs';

/** How far the data has come on its way, and what was left beside it. */
export function Pipeline({ url }: ScreenProps) {
  const t = useT();
  const status = useStatus(REFRESH_MS[url.refresh]);
  const runs = useRuns(REFRESH_MS[url.refresh]);
  if (status.error && !status.data) {
    return (
      <div className="panel" style={{ height: 240 }}>
        <ErrorState error={status.error} retry={() => void status.refetch()} />
      </div>
    );
  }
  const s = status.data;
  if (!s) {
    return (
      <div className="grid">
        <Skeleton height={84} />
        <Skeleton height={260} />
        <Skeleton height={240} />
      </div>
    );
  }
  const now = Date.parse(s.now);
  const behind = s.completeThrough === null ? null : Math.max(0, now - Date.parse(s.completeThrough));
  const tone = { up: 'var(--good)', starting: 'var(--warn)', degraded: 'var(--bad)' }[s.state];
  const facts: { word: string; value: string; line: string; color?: string | undefined; title?: string; small?: boolean }[] = [
    { word: t('pipeline.state'), value: t(`pipeline.state.${s.state}`), line: `${t('pipeline.content')}: ${t(`pipeline.content.${s.contentMode}`)}`, color: tone },
    { word: t('pipeline.freshness'), value: behind === null ? '—' : t('fresh.behind', { age: formatDuration(behind) }), line: s.completeThrough === null ? t('fresh.none') : t('fresh.complete', { time: formatClock(Date.parse(s.completeThrough)) }) },
    { word: t('pipeline.lateness'), value: s.lateness === null ? '—' : formatDuration(s.lateness.p50Ms), line: s.lateness === null ? '' : `p99 ${formatDuration(s.lateness.p99Ms)}` },
    { word: t('pipeline.deadLetters'), value: formatCount(s.deadLetters.count), line: s.deadLetters.count === 0 ? t('pipeline.noDead') : '', color: s.deadLetters.count > 0 ? 'var(--warn)' : undefined },
    { word: t('pipeline.dedup'), value: s.dedup.duplicates === null ? '—' : formatCount(s.dedup.duplicates), title: s.dedup.duplicates === null ? '' : t('pipeline.duplicates', { n: formatCount(s.dedup.duplicates) }), line: `${s.dedup.entries === null ? '' : `${t('pipeline.dedupEntries', { n: formatCount(s.dedup.entries), max: formatCount(s.dedup.maxEntries) })} · `}${t('pipeline.dedupHorizon', { span: formatDuration(s.dedup.horizonMs) })}` },
    { word: t('pipeline.reconcile'), ...reconcile(s, now, t), small: true },
  ];
  return (
    <>
      <div className="fact-grid" data-pipeline>
        {facts.map((f) => (
          <section key={f.word} className="panel fact" title={f.title}>
            <h2>{f.word}</h2>
            <div className="fact-value" style={{ color: f.color, fontSize: f.small ? 15 : undefined }}>
              {f.value}
            </div>
            <div className="fact-line">{f.line}</div>
          </section>
        ))}
      </div>
      <div className="section">
        <Topics s={s} now={now} t={t} />
      </div>
      <div className="grid two section" style={{ alignItems: 'start' }}>
        <Tables s={s} now={now} t={t} />
        <div className="grid">
          <RunsPanel rows={runs.data?.rows} error={runs.error} retry={() => void runs.refetch()} now={now} />
          <DeadLetters s={s} t={t} />
          <Folded s={s} t={t} />
          <Versions s={s} t={t} />
        </div>
      </div>
    </>
  );
}

function reconcile(s: Status, now: number, t: Translate): { value: string; line: string; color?: string | undefined } {
  const last = s.lastReconcile;
  if (last === null) return { value: t('pipeline.reconcileNever'), line: './spanmill reconcile' };
  return {
    value: last.differences === 0 ? t('pipeline.reconcileOk') : t('pipeline.reconcileBad', { n: formatCount(last.differences) }),
    line: ago(last.at, now, t),
    color: last.differences === 0 ? 'var(--good)' : 'var(--bad)',
  };
}

function ago(at: Iso | null, now: number, t: Translate): string {
  if (at === null) return '—';
  const ms = now - Date.parse(at);
  return ms < 2000 ? t('pipeline.now') : t('pipeline.ago', { age: formatDuration(Math.round(ms / 1000) * 1000) });
}

interface PartProps {
  s: Status;
  now: number;
  t: Translate;
}

function Topics({ s, now, t }: PartProps) {
  return (
    <Panel title={t('pipeline.topics')} flush>
      <div className="table-wrap" tabIndex={0}>
        <table className="table" data-topics>
          <thead>
            <tr>
              <th>{t('pipeline.topic')}</th>
              <th className="r">{t('pipeline.partitions')}</th>
              <th className="r">{t('pipeline.records')}</th>
              <th>{t('pipeline.watermark')}</th>
              <th>{t('pipeline.reader')}</th>
              <th className="r">{t('pipeline.lag')}</th>
              <th className="r">{t('pipeline.lagTime')}</th>
            </tr>
          </thead>
          <tbody>
            {s.topics.flatMap((topic) =>
              (topic.readers.length === 0 ? [null] : topic.readers).map((reader, i) => (
                <tr key={`${topic.topic}/${reader?.reader ?? ''}`}>
                  <td className={i === 0 ? 'mono' : ''}>{i === 0 ? topic.topic : ''}</td>
                  <td className="r">{i === 0 ? topic.partitions : ''}</td>
                  <td className="r">{i === 0 ? (topic.records === null ? '—' : formatCount(topic.records)) : ''}</td>
                  <td title={topic.watermark ?? undefined}>{i === 0 ? ago(topic.watermark, now, t) : ''}</td>
                  <td className="mono">{reader?.reader ?? '—'}</td>
                  <td className="r">{reader === null ? '' : reader.lagRecords === null ? t('pipeline.unknown') : formatCount(reader.lagRecords)}</td>
                  <td className="r">
                    {reader === null ? '' : reader.lagMs === null ? '—' : <span className={reader.lagMs > 30_000 ? 'badge bad' : reader.lagMs > 5_000 ? 'badge warn' : ''}>{formatDuration(reader.lagMs)}</span>}
                  </td>
                </tr>
              )),
            )}
          </tbody>
        </table>
      </div>
    </Panel>
  );
}

function Tables({ s, now, t }: PartProps) {
  return (
    <Panel title={t('pipeline.tables')} flush>
      <div className="table-wrap" style={{ maxHeight: 560 }} tabIndex={0}>
        <table className="table">
          <thead>
            <tr>
              <th>{t('pipeline.table')}</th>
              <th className="r">{t('pipeline.rows')}</th>
              <th className="r">{t('pipeline.size')}</th>
              <th className="r">{t('pipeline.lastWrite')}</th>
            </tr>
          </thead>
          <tbody>
            {s.tables.map((table) => (
              <tr key={table.table}>
                <td className="mono">{table.table}</td>
                <td className="r">{formatCount(table.rows)}</td>
                <td className="r">{formatBytes(table.bytes)}</td>
                <td className="r" title={table.lastWrite ?? undefined}>
                  {ago(table.lastWrite, now, t)}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </Panel>
  );
}

function DeadLetters({ s, t }: Omit<PartProps, 'now'>) {
  return (
    <Panel title={t('pipeline.deadLetters')} unit={formatCount(s.deadLetters.count)} flush>
      {s.deadLetters.latest.length === 0 ? (
        <div style={{ height: 64 }}>
          <EmptyState title={t('pipeline.noDead')} />
        </div>
      ) : (
        <div className="table-wrap" style={{ maxHeight: 260 }} tabIndex={0}>
          <table className="table">
            <thead>
              <tr>
                <th>{t('pipeline.when')}</th>
                <th>{t('pipeline.where')}</th>
                <th>{t('pipeline.reason')}</th>
              </tr>
            </thead>
            <tbody>
              {s.deadLetters.latest.map((d) => (
                <tr key={`${d.topic}/${d.partition}/${d.offset}`}>
                  <td>{formatDateTime(d.at)}</td>
                  <td className="mono">
                    {d.topic}-{d.partition}@{d.offset}
                  </td>
                  <td className="wrap">
                    <div className="clamp" title={d.reason}>
                      {d.reason}
                    </div>
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </Panel>
  );
}

function Folded({ s, t }: Omit<PartProps, 'now'>) {
  return (
    <Panel title={t('pipeline.folded')} flush>
      {s.foldedSeries.length === 0 ? (
        <div style={{ height: 64 }}>
          <EmptyState title={t('pipeline.foldedNone')} />
        </div>
      ) : (
        <div className="table-wrap" tabIndex={0}>
          <table className="table">
            <thead>
              <tr>
                <th>{t('pipeline.cube')}</th>
                <th>{t('pipeline.dimension')}</th>
                <th>{t('pipeline.window')}</th>
                <th className="r">{t('pipeline.folded')}</th>
                <th className="r">{t('pipeline.limit')}</th>
              </tr>
            </thead>
            <tbody>
              {s.foldedSeries.map((f) => (
                <tr key={`${f.cube}/${f.dimension}/${f.window}`}>
                  <td className="mono">{f.cube}</td>
                  <td>{f.dimension}</td>
                  <td>{f.window}</td>
                  <td className="r">
                    <span className="badge warn">{formatCount(f.folded)}</span>
                  </td>
                  <td className="r">{formatCount(f.limit)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </Panel>
  );
}

function Versions({ s, t }: Omit<PartProps, 'now'>) {
  const list = [{ name: 'Spanmill', version: s.commit === null ? s.version : `${s.version} (${s.commit})` }, ...s.components, ...(s.priceBook ? [{ name: t('costs.book'), version: s.priceBook.version }] : [])];
  return (
    <Panel title={t('pipeline.versions')}>
      <dl className="kv">
        {list.map((c) => (
          <div key={c.name} style={{ display: 'contents' }}>
            <dt>{c.name}</dt>
            <dd>{c.version ?? t('pipeline.unknown')}</dd>
          </div>
        ))}
      </dl>
    </Panel>
  );
}
