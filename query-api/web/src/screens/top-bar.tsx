/*
 * SPDX-License-Identifier: Apache-2.0
 */
import type { UseQueryResult } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import type { Status } from '../api/types';
import { useLang, useT } from '../i18n';
import { formatClock, formatDuration } from '../model/format';
import { absoluteRange, isRelative, PRESETS, resolveRange, shiftRange, toLocalInput, zoomOut } from '../model/range';
import { DEFAULTS, REFRESH, type Refresh, type UrlState } from '../state/url';
import { hrefOf, type UpdateUrl } from '../state/use-url';
import { ChevronDown, ChevronLeft, ChevronRight, ClockIcon, Logo, MoonIcon, RefreshIcon, ScreenIcon, SunIcon, ZoomOutIcon } from '../ui/icons';
import { Popover } from '../ui/popover';
import { useTheme, type Theme } from '../ui/theme';
import { rangeWords, spanWords } from './words';

interface TopBarProps {
  url: UrlState;
  update: UpdateUrl;
  status: UseQueryResult<Status>;
  refreshNow: () => void;
}

export function TopBar({ url, update, status, refreshNow }: TopBarProps) {
  const t = useT();
  const { lang, setLang } = useLang();
  const [theme, setTheme] = useTheme();
  const themes: Record<Theme, Theme> = { auto: 'light', light: 'dark', dark: 'auto' };
  return (
    <header className="topbar">
      <a className="brand" href={hrefOf(DEFAULTS)} aria-label="Spanmill">
        <Logo />
        Spanmill
      </a>
      <div className="grow" />
      <Freshness status={status} />
      <RangePicker url={url} update={update} />
      <div className="group">
        <button type="button" className="btn icon" title={t('bar.refreshNow')} aria-label={t('bar.refreshNow')} onClick={refreshNow}>
          <RefreshIcon />
        </button>
        <Popover label={t('bar.refresh')} align="right" button={<RefreshWords refresh={isRelative(url.range) ? url.refresh : 'off'} />}>
          {(close) => (
            <div className="menu" role="radiogroup" aria-label={t('bar.refresh')} style={{ width: 110 }}>
              {REFRESH.map((r) => (
                <button
                  key={r}
                  type="button"
                  className="menu-item"
                  role="radio"
                  aria-checked={url.refresh === r}
                  onClick={() => {
                    update({ refresh: r });
                    close();
                  }}
                >
                  {r === 'off' ? t('refresh.off') : r}
                </button>
              ))}
            </div>
          )}
        </Popover>
      </div>
      <div className="segmented" role="radiogroup" aria-label={t('bar.language')}>
        {(['en', 'ko'] as const).map((l) => (
          <button key={l} type="button" role="radio" aria-checked={lang === l} aria-label={l === 'en' ? 'English' : '한국어'} title={l === 'en' ? 'English' : '한국어'} onClick={() => setLang(l)}>
            {l === 'en' ? 'EN' : '한'}
          </button>
        ))}
      </div>
      <button type="button" className="btn icon" aria-label={`${t('bar.theme')}: ${t(`theme.${theme}`)}`} title={`${t('bar.theme')}: ${t(`theme.${theme}`)}`} onClick={() => setTheme(themes[theme])}>
        {theme === 'auto' ? <ScreenIcon /> : theme === 'light' ? <SunIcon /> : <MoonIcon />}
      </button>
    </header>
  );
}

function RefreshWords({ refresh }: { refresh: Refresh }) {
  const t = useT();
  return (
    <>
      <span className="num">{refresh === 'off' ? t('refresh.off') : refresh}</span>
      <ChevronDown size={13} />
    </>
  );
}

/** Up to when the figures are whole, by the server's clock. */
function Freshness({ status }: { status: UseQueryResult<Status> }) {
  const t = useT();
  const [, tick] = useState(0);
  useEffect(() => {
    const timer = window.setInterval(() => tick((n) => n + 1), 1000);
    return () => window.clearInterval(timer);
  }, []);
  if (status.data === undefined || status.isRefetchError) {
    return (
      <span className="fresh" role="status">
        <span className={`dot ${status.error ? 'bad' : ''}`} />
        {status.error ? t('fresh.unreachable') : '\u00a0'}
      </span>
    );
  }
  const { completeThrough, now, lateness } = status.data;
  if (completeThrough === null) {
    return (
      <span className="fresh" role="status">
        <span className="dot" />
        {t('fresh.none')}
      </span>
    );
  }
  const behindMs = Math.max(0, Date.parse(now) - Date.parse(completeThrough));
  const level = behindMs < 5_000 ? 'good' : behindMs < 60_000 ? 'warn' : 'bad';
  const help = [t('fresh.help'), lateness ? t('fresh.lateness', { p50: formatDuration(lateness.p50Ms), p99: formatDuration(lateness.p99Ms) }) : ''].join(' ');
  return (
    <span className="fresh num" title={help} data-complete-through={completeThrough}>
      <span className={`dot ${level}`} />
      <span className="fresh-long">{t('fresh.complete', { time: formatClock(Date.parse(completeThrough)) })}</span>
      {level !== 'good' && <span className={`badge ${level}`}>{t('fresh.behind', { age: formatDuration(behindMs) })}</span>}
    </span>
  );
}

function RangePicker({ url, update }: { url: UrlState; update: UpdateUrl }) {
  const t = useT();
  return (
    <div className="group">
      <button type="button" className="btn icon" title={t('bar.back')} aria-label={t('bar.back')} onClick={() => update({ range: shiftRange(url.range, -1, Date.now()) })}>
        <ChevronLeft />
      </button>
      <Popover
        label={t('bar.range')}
        align="right"
        button={
          <>
            <ClockIcon size={15} />
            <span className="num">{rangeWords(url.range, t, Date.now())}</span>
            <ChevronDown size={13} />
          </>
        }
      >
        {(close) => <RangeForm url={url} update={update} close={close} />}
      </Popover>
      <button type="button" className="btn icon" title={t('bar.forth')} aria-label={t('bar.forth')} disabled={isRelative(url.range)} onClick={() => update({ range: shiftRange(url.range, 1, Date.now()) })}>
        <ChevronRight />
      </button>
      <button type="button" className="btn icon" title={t('bar.zoomOut')} aria-label={t('bar.zoomOut')} onClick={() => update({ range: zoomOut(url.range, Date.now()) })}>
        <ZoomOutIcon />
      </button>
    </div>
  );
}

function RangeForm({ url, update, close }: { url: UrlState; update: UpdateUrl; close: () => void }) {
  const t = useT();
  const [bounds] = useState(() => resolveRange(url.range, Date.now()));
  const [from, setFrom] = useState(toLocalInput(bounds.fromMs));
  const [to, setTo] = useState(toLocalInput(bounds.toMs));
  const valid = Date.parse(from) < Date.parse(to);
  return (
    <div className="range-pop">
      <div>
        <h3>{t('range.relative')}</h3>
        <div className="menu" role="radiogroup" aria-label={t('range.relative')}>
          {PRESETS.map((preset) => (
            <button
              key={preset}
              type="button"
              className="menu-item"
              role="radio"
              aria-checked={url.range.to === 'now' && url.range.from === preset}
              onClick={() => {
                update({ range: { from: preset, to: 'now' } });
                close();
              }}
            >
              {t('range.last', { span: spanWords(preset, t) ?? '' })}
            </button>
          ))}
        </div>
      </div>
      <form
        onSubmit={(e) => {
          e.preventDefault();
          if (!valid) return;
          update({ range: absoluteRange(Date.parse(from), Date.parse(to)) });
          close();
        }}
      >
        <h3 style={{ padding: 0 }}>{t('range.absolute')}</h3>
        <label className="field">
          {t('range.from')}
          <input className="input num" type="datetime-local" step="1" required value={from} onChange={(e) => setFrom(e.target.value)} />
        </label>
        <label className="field">
          {t('range.to')}
          <input className="input num" type="datetime-local" step="1" required value={to} onChange={(e) => setTo(e.target.value)} />
        </label>
        {!valid && (
          <span className="badge bad" role="alert">
            {t('range.bad')}
          </span>
        )}
        <button type="submit" className="btn primary" disabled={!valid} style={{ justifyContent: 'center' }}>
          {t('range.apply')}
        </button>
      </form>
    </div>
  );
}
