/*
 * SPDX-License-Identifier: Apache-2.0
 */
import { useQueryClient } from '@tanstack/react-query';
import { lazy, Suspense, useEffect, useState, type KeyboardEvent } from 'react';
import { onLoginWanted } from './api/client';
import { useStatus } from './api/queries';
import type { Status } from './api/types';
import { useT } from './i18n';
import { FilterBar } from './screens/filter-bar';
import { Login } from './screens/login';
import { TopBar } from './screens/top-bar';
import { REFRESH_MS, TABS, type Tab, type UrlState } from './state/url';
import { hrefOf, useUrl, type UpdateUrl } from './state/use-url';
import { WarnIcon } from './ui/icons';
import { Skeleton } from './ui/states';

const Overview = lazy(() => import('./screens/overview').then((m) => ({ default: m.Overview })));
const Analytics = lazy(() => import('./screens/analytics').then((m) => ({ default: m.Analytics })));
const Replay = lazy(() => import('./screens/replay').then((m) => ({ default: m.Replay })));
const Traces = lazy(() => import('./screens/traces').then((m) => ({ default: m.Traces })));
const Costs = lazy(() => import('./screens/costs').then((m) => ({ default: m.Costs })));
const Pipeline = lazy(() => import('./screens/pipeline').then((m) => ({ default: m.Pipeline })));
const Embed = lazy(() => import('./screens/embed').then((m) => ({ default: m.Embed })));

export interface ScreenProps {
  url: UrlState;
  update: UpdateUrl;
  status: Status | undefined;
}

/** Tabs whose content fills the window and scrolls inside. */
const FILLING: readonly Tab[] = ['traces', 'replay', 'grafana', 'langfuse'];
/** Tabs over which range and filters have no say. */
const UNFILTERED: readonly Tab[] = ['grafana', 'langfuse', 'pipeline'];

export function App() {
  const t = useT();
  const [url, update] = useUrl();
  const client = useQueryClient();
  const [loginWanted, setLoginWanted] = useState(false);
  const status = useStatus(REFRESH_MS[url.refresh] || 60_000);
  useEffect(() => onLoginWanted(() => setLoginWanted(true)), []);
  useEffect(() => {
    // Old and printed addresses become the one the screen writes itself.
    window.history.replaceState(null, '', hrefOf(url));
    // Once, at the start: every later state is written by `update`.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, []);
  useEffect(() => {
    document.title = `${t(`tab.${url.tab}`)} · Spanmill`;
  }, [t, url.tab]);
  const tabs = TABS.filter((tab) => tab !== 'langfuse' || status.data?.upstreams.langfuse.configured || url.tab === 'langfuse');
  const refreshNow = () => void client.invalidateQueries();
  return (
    <div className="app">
      <a className="skip" href="#content">
        {t('app.skip')}
      </a>
      <TopBar url={url} update={update} status={status} refreshNow={refreshNow} />
      <TabBar tabs={tabs} url={url} update={update} />
      {status.data?.warnings.map((warning) => (
        <div key={warning.code} className="banner" role="status">
          <WarnIcon size={15} />
          {warning.message}
        </div>
      ))}
      {!UNFILTERED.includes(url.tab) && <FilterBar url={url} update={update} projects={status.data?.projects ?? []} />}
      <main id="content" className={FILLING.includes(url.tab) ? 'main fill' : 'main'} role="tabpanel" aria-labelledby={`tab-${url.tab}`} tabIndex={-1}>
        <Suspense fallback={<Skeleton height={320} />}>
          <Screen url={url} update={update} status={status.data} />
        </Suspense>
      </main>
      {loginWanted && (
        <Login
          onDone={() => {
            setLoginWanted(false);
            void client.resetQueries();
          }}
        />
      )}
    </div>
  );
}

function Screen(props: ScreenProps) {
  switch (props.url.tab) {
    case 'overview':
      return <Overview {...props} />;
    case 'analytics':
      return <Analytics {...props} />;
    case 'replay':
      return <Replay {...props} />;
    case 'traces':
      return <Traces {...props} />;
    case 'costs':
      return <Costs {...props} />;
    case 'pipeline':
      return <Pipeline {...props} />;
    case 'grafana':
    case 'langfuse':
      return <Embed {...props} tool={props.url.tab} />;
  }
}

function TabBar({ tabs, url, update }: { tabs: readonly Tab[]; url: UrlState; update: UpdateUrl }) {
  const t = useT();
  const walk = (e: KeyboardEvent<HTMLDivElement>) => {
    const step = e.key === 'ArrowRight' ? 1 : e.key === 'ArrowLeft' ? -1 : 0;
    const to = e.key === 'Home' ? 0 : e.key === 'End' ? tabs.length - 1 : step === 0 ? null : (tabs.indexOf(url.tab) + step + tabs.length) % tabs.length;
    const tab = to === null ? undefined : tabs[to];
    if (tab === undefined) return;
    e.preventDefault();
    update({ tab });
    document.getElementById(`tab-${tab}`)?.focus();
  };
  return (
    <div className="tabs" role="tablist" aria-label={t('app.tabs')} onKeyDown={walk}>
      {tabs.map((tab) => (
        <a
          key={tab}
          id={`tab-${tab}`}
          className="tab"
          role="tab"
          href={hrefOf({ ...url, tab, trace: null, span: null })}
          aria-selected={url.tab === tab}
          aria-controls="content"
          tabIndex={url.tab === tab ? 0 : -1}
          onClick={(e) => {
            if (e.metaKey || e.ctrlKey || e.shiftKey) return;
            e.preventDefault();
            update({ tab, trace: null, span: null });
          }}
        >
          {t(`tab.${tab}`)}
        </a>
      ))}
    </div>
  );
}
