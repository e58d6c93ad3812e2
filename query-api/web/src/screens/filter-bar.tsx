/*
 * SPDX-License-Identifier: Apache-2.0
 */
import { useState } from 'react';
import { useRangeQuery } from '../api/queries';
import type { Breakdown, Layer } from '../api/types';
import { useT } from '../i18n';
import { formatShort } from '../model/format';
import { FILTERS, type FilterName, type Filters, type UrlState } from '../state/url';
import type { UpdateUrl } from '../state/use-url';
import { CloseIcon, FilterIcon, SearchIcon } from '../ui/icons';
import { Popover } from '../ui/popover';
import { Skeleton } from '../ui/states';
import { valueWords } from './words';

interface FilterBarProps {
  url: UrlState;
  update: UpdateUrl;
  projects: readonly string[];
}

/** Without the last value the name goes too. */
export function withoutFilter(filters: Filters, name: FilterName, value: string): Filters {
  const rest = (filters[name] ?? []).filter((v) => v !== value);
  const next = { ...filters };
  if (rest.length === 0) delete next[name];
  else next[name] = rest;
  return next;
}

export function withFilter(filters: Filters, name: FilterName, value: string): Filters {
  return { ...filters, [name]: [...new Set([...(filters[name] ?? []), value])] };
}

const LAYERS: readonly (Layer | 'auto')[] = ['auto', 'gateway', 'direct', 'client', 'engine', 'gateway_request'];

export function FilterBar({ url, update, projects }: FilterBarProps) {
  const t = useT();
  const chips = FILTERS.flatMap((name) => (url.filters[name] ?? []).map((value) => ({ name, value })));
  return (
    <div className="filterbar">
      <Popover
        buttonClass="btn small"
        button={
          <>
            <FilterIcon size={14} />
            {t('filter.add')}
          </>
        }
      >
        {(close) => <FilterForm url={url} update={update} projects={projects} close={close} />}
      </Popover>
      <label className="inline-field">
        <span className="visually-hidden">{t('filter.layer')}</span>
        <select className="select small" value={url.layer} onChange={(e) => update({ layer: e.target.value as Layer | 'auto' })} title={t('filter.layer')}>
          {LAYERS.map((layer) => (
            <option key={layer} value={layer}>
              {t('filter.layer')}: {t(`layer.${layer}`)}
            </option>
          ))}
        </select>
      </label>
      {chips.map(({ name, value }) => (
        <span key={`${name}=${value}`} className="chip">
          <span className="ellipsis">
            {t(`dim.${name}`)} = {valueWords(value, t)}
          </span>
          <button type="button" aria-label={t('filter.remove', { name: t(`dim.${name}`), value: valueWords(value, t) })} onClick={() => update({ filters: withoutFilter(url.filters, name, value) })}>
            <CloseIcon size={12} />
          </button>
        </span>
      ))}
      {chips.length > 1 && (
        <button type="button" className="btn plain small" onClick={() => update({ filters: {} })}>
          {t('filter.clear')}
        </button>
      )}
    </div>
  );
}

function FilterForm({ url, update, projects, close }: FilterBarProps & { close: () => void }) {
  const t = useT();
  const [name, setName] = useState<FilterName>('model');
  const [text, setText] = useState('');
  const names = FILTERS.filter((n) => n !== 'project' || projects.length > 1);
  const others = { ...url, filters: { ...url.filters, [name]: [] } };
  const found = useRangeQuery<Breakdown>('/api/v1/breakdown', others, { groupBy: name, sort: '-calls', limit: 100 });
  const choose = (value: string) => {
    update({ filters: withFilter(url.filters, name, value) });
    close();
  };
  const wanted = text.trim().toLowerCase();
  const rows = found.isPlaceholderData ? [] : (found.data?.rows ?? []);
  const values = rows.map((row) => ({ value: row.key[name] ?? '', calls: row.calls })).filter(({ value }) => value !== '__other__' && value.toLowerCase().includes(wanted));
  return (
    <div style={{ width: 400, maxWidth: '100%', display: 'grid', gridTemplateColumns: '130px 1fr', gap: 8, height: 300 }}>
      <div className="menu" role="radiogroup" aria-label={t('filter.dimension')}>
        {names.map((n) => (
          <button key={n} type="button" className="menu-item" role="radio" aria-checked={name === n} onClick={() => setName(n)}>
            {t(`dim.${n}`)}
          </button>
        ))}
      </div>
      <div style={{ display: 'flex', flexDirection: 'column', gap: 6, minHeight: 0, minWidth: 0 }}>
        <form
          className="search"
          onSubmit={(e) => {
            e.preventDefault();
            if (text.trim() !== '') choose(text.trim());
          }}
        >
          <SearchIcon size={14} />
          <input className="input" autoFocus placeholder={t('filter.search')} aria-label={t('filter.search')} value={text} onChange={(e) => setText(e.target.value)} />
        </form>
        <div className="menu" style={{ flex: 1 }}>
          {found.isPending || found.isPlaceholderData ? (
            <Skeleton height={160} />
          ) : (
            values.map(({ value, calls }) => (
              <button key={value} type="button" className="menu-item" onClick={() => choose(value)}>
                <span className="ellipsis grow">{valueWords(value, t)}</span>
                <span className="muted num">{formatShort(calls)}</span>
              </button>
            ))
          )}
          {!found.isPending && !found.isPlaceholderData && values.length === 0 && wanted === '' && <p className="muted" style={{ padding: 8 }}>{found.error ? found.error.message : t('filter.none')}</p>}
          {wanted !== '' && !values.some(({ value }) => value.toLowerCase() === wanted) && (
            <button type="button" className="menu-item" onClick={() => choose(text.trim())}>
              {t('filter.use', { value: text.trim() })}
            </button>
          )}
        </div>
      </div>
    </div>
  );
}
