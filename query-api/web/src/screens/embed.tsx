/*
 * SPDX-License-Identifier: Apache-2.0
 */
import type { ScreenProps } from '../app';
import { useT } from '../i18n';
import { ExternalIcon } from '../ui/icons';
import { Skeleton } from '../ui/states';
import { useDark } from '../ui/theme';

const NAMES = { grafana: 'Grafana', langfuse: 'Langfuse' } as const;
const EXAMPLES = { grafana: 'http://127.0.0.1:3005', langfuse: 'http://127.0.0.1:3000' } as const;

/** Another tool's page through the query API's proxy, or what to set for it. */
export function Embed({ status, tool }: ScreenProps & { tool: 'grafana' | 'langfuse' }) {
  const t = useT();
  const dark = useDark();
  const name = NAMES[tool];
  if (!status) return <Skeleton height="100%" />;
  const upstream = status.upstreams[tool];
  const path = upstream.path ?? `/api/proxy/${tool}/`;
  if (!upstream.configured) {
    const env = `SPANMILL_${upstream.setting.toUpperCase().replaceAll('.', '_')}`;
    return (
      <section className="panel" style={{ flex: 1 }}>
        <div className="state" data-embed="unset">
          <strong style={{ fontSize: 15 }}>{t('embed.title', { name })}</strong>
          <p style={{ maxWidth: 560 }}>{t('embed.body', { name, setting: upstream.setting, path })}</p>
          <pre className="hint" aria-label={t('embed.example')}>
            {`# config/spanmill.properties\n${upstream.setting}=${EXAMPLES[tool]}\n\n# ${t('embed.example')}\n${env}=${EXAMPLES[tool]} ./spanmill up`}
          </pre>
          {tool === 'grafana' && <p>{t('embed.metrics')}</p>}
        </div>
      </section>
    );
  }
  if (upstream.path === null) {
    return (
      <section className="panel" style={{ flex: 1 }}>
        <div className="state" data-embed="closed">
          <p style={{ maxWidth: 560 }}>{t('embed.closed', { name })}</p>
        </div>
      </section>
    );
  }
  const address = tool === 'grafana' ? `${path}${path.includes('?') ? '&' : '?'}kiosk&theme=${dark ? 'dark' : 'light'}` : path;
  return (
    <section className="panel" style={{ flex: 1, overflow: 'hidden' }} aria-label={name}>
      <div className="panel-head" style={{ paddingBottom: 8 }}>
        <h2>{name}</h2>
        <div className="grow" />
        <a className="btn small" href={path} target="_blank" rel="noreferrer">
          <ExternalIcon size={14} />
          {t('embed.open')}
        </a>
      </div>
      <iframe key={address} title={name} src={address} style={{ border: 0, flex: 1, width: '100%', minHeight: 0 }} data-embed="frame" />
    </section>
  );
}
