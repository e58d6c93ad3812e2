/*
 * SPDX-License-Identifier: Apache-2.0
 */
import type { Run } from '../api/types';
import { useT } from '../i18n';
import { formatDateTime, formatDuration } from '../model/format';
import { runLines, runTone } from '../model/runs';
import { Panel } from '../ui/panel';
import { EmptyState, ErrorState, Skeleton } from '../ui/states';

interface Props {
  rows: Run[] | undefined;
  error: Error | null;
  retry: () => void;
  now: number;
}

/** What reconcile, rebuild and reprice did. */
export function RunsPanel({ rows, error, retry, now }: Props) {
  const t = useT();
  return (
    <Panel title={t('runs.title')} flush>
      {rows === undefined ? (
        <div style={{ height: 64 }}>{error === null ? <Skeleton height={64} /> : <ErrorState error={error} retry={retry} />}</div>
      ) : rows.length === 0 ? (
        <div style={{ height: 64 }}>
          <EmptyState title={t('runs.none')} />
        </div>
      ) : (
        <div className="table-wrap" style={{ maxHeight: 260 }} tabIndex={0}>
          <table className="table" data-runs>
            <thead>
              <tr>
                <th>{t('runs.run')}</th>
                <th>{t('runs.state')}</th>
                <th>{t('runs.started')}</th>
                <th className="r">{t('runs.took')}</th>
                <th>{t('runs.did')}</th>
              </tr>
            </thead>
            <tbody>
              {rows.map((run) => {
                const tone = runTone(run, now);
                const lines = runLines(run, t);
                return (
                  <tr key={`${run.kind}/${run.id}`}>
                    <td title={run.name}>
                      {t(`runs.kind.${run.kind}`)} <span className="mono">{run.id}</span>
                    </td>
                    <td>
                      <span className={tone === 'none' ? '' : `badge ${tone}`}>{tone === 'bad' && run.finishedAt === null ? t('runs.died') : t(`runs.is.${run.state}`)}</span>
                    </td>
                    <td title={run.startedAt}>{formatDateTime(Date.parse(run.startedAt))}</td>
                    <td className="r">{run.finishedAt === null ? '—' : formatDuration(Date.parse(run.finishedAt) - Date.parse(run.startedAt))}</td>
                    <td className="wrap">
                      {lines.map((line) => (
                        <div key={line} className="clamp" title={line}>
                          {line}
                        </div>
                      ))}
                    </td>
                  </tr>
                );
              })}
            </tbody>
          </table>
        </div>
      )}
    </Panel>
  );
}
