/*
 * SPDX-License-Identifier: Apache-2.0
 */
import { rangeParams, useRangeQuery } from '../api/queries';
import type { Coverage, CoverageModel, PriceEntry, Usd, EngineCost } from '../api/types';
import type { ScreenProps } from '../app';
import { useT } from '../i18n';
import { formatChange, formatCount, formatPercent, formatShort } from '../model/format';
import { formatUsd } from '../model/money';
import { WarnIcon } from '../ui/icons';
import { SumCost } from '../ui/money';
import { ExportLinks } from '../ui/export-links';
import { Panel } from '../ui/panel';
import { EmptyState, ErrorState, Skeleton } from '../ui/states';
import { withFilter } from './filter-bar';
import { valueWords } from './words';

/** What is priced, what is not, and whether senders and the price book agree. */
export function Costs({ url, update }: ScreenProps) {
  const t = useT();
  const coverage = useRangeQuery<Coverage>('/api/v1/coverage', url);
  if (coverage.error) {
    return (
      <div className="panel" style={{ height: 240 }}>
        <ErrorState error={coverage.error} retry={() => void coverage.refetch()} />
      </div>
    );
  }
  const data = coverage.data;
  if (!data) {
    return (
      <div className="grid">
        <Skeleton height={84} />
        <Skeleton height={320} />
        <Skeleton height={280} />
      </div>
    );
  }
  const { totals } = data;
  const billable = totals.pricedCalls + totals.unpricedCalls;
  const facts = [
    { word: t('costs.calls'), value: formatCount(totals.calls), line: '' },
    { word: t('costs.priced'), value: formatCount(totals.pricedCalls), line: billable === 0 ? '' : formatPercent(totals.pricedCalls / billable) },
    { word: t('costs.unpriced'), value: formatCount(totals.unpricedCalls), line: billable === 0 ? '' : formatPercent(totals.unpricedCalls / billable), warn: totals.unpricedCalls > 0 },
    { word: t('costs.cacheHits'), value: formatCount(totals.cacheHits), line: '' },
    { word: t('costs.noUsage'), value: formatCount(totals.noUsageCalls), line: '' },
    { word: t('costs.bad'), value: formatCount(totals.badCostCalls + totals.badTimeCalls), line: '', help: t('costs.badHelp', { cost: totals.badCostCalls, time: totals.badTimeCalls }) },
  ];
  const open = (row: CoverageModel) => update({ tab: 'traces', filters: withFilter(withFilter(url.filters, 'model', row.model), 'provider', row.provider), unpriced: row.unpricedCalls > 0, trace: null });
  return (
    <div className={coverage.isPlaceholderData ? 'stale' : ''}>
      <div className="fact-grid" data-coverage>
        {facts.map((f) => (
          <section key={f.word} className="panel fact" title={f.help}>
            <h2>{f.word}</h2>
            <div className="fact-value" style={f.warn ? { color: 'var(--warn)' } : undefined}>
              {f.value}
            </div>
            <div className="fact-line">{f.line}</div>
          </section>
        ))}
      </div>
      {totals.unpricedCalls > 0 && (
        <p className="notice warn">
          <WarnIcon size={15} /> {t('costs.somePriced', { n: formatCount(totals.unpricedCalls) })}
        </p>
      )}
      <div className="section">
        <Panel title={t('costs.coverage')} flush actions={<ExportLinks asked={{ path: '/api/v1/coverage', params: rangeParams(url) }} of={t('costs.coverage')} />} unit={totals.unpricedCalls === 0 && billable > 0 ? t('costs.allPriced') : ''}>
          {data.models.length === 0 ? (
            <div style={{ height: 120 }}>
              <EmptyState title={t('state.empty')} />
            </div>
          ) : (
            <div className="table-wrap" style={{ maxHeight: 480 }} tabIndex={0}>
              <table className="table" data-models>
                <thead>
                  <tr>
                    <th>{t('dim.model')}</th>
                    <th>{t('dim.provider')}</th>
                    <th>{t('dim.layer')}</th>
                    <th>{t('costs.state')}</th>
                    <th className="r">{t('costs.calls')}</th>
                    <th className="r">{t('costs.unpriced')}</th>
                    <th className="r">{t('costs.unpricedTokens')}</th>
                    <th className="r">{t('costs.noUsage')}</th>
                    <th className="r">{t('costs.cacheHits')}</th>
                    <th className="r">{t('analytics.cost')}</th>
                  </tr>
                </thead>
                <tbody>
                  {data.models.map((row) => {
                    const share = row.pricedCalls + row.unpricedCalls === 0 ? null : row.pricedCalls / (row.pricedCalls + row.unpricedCalls);
                    return (
                      <tr key={`${row.layer}/${row.provider}/${row.model}`}>
                        <td>
                          <button type="button" className="linklike" title={t('analytics.showTraces')} onClick={() => open(row)}>
                            {valueWords(row.model, t)}
                          </button>
                        </td>
                        <td>{valueWords(row.provider, t)}</td>
                        <td>{t(`layer.${row.layer}`)}</td>
                        <td>
                          {share === null ? (
                            <span className="muted">—</span>
                          ) : (
                            <>
                              <span className="sharebar" aria-hidden="true" style={{ background: share < 1 ? 'var(--warn)' : undefined }}>
                                <i style={{ width: `${share * 100}%`, background: 'var(--good)' }} />
                              </span>
                              {formatPercent(share)}
                            </>
                          )}
                        </td>
                        <td className="r">{formatCount(row.calls)}</td>
                        <td className="r">{row.unpricedCalls > 0 ? <span className="badge warn">{formatCount(row.unpricedCalls)}</span> : <span className="muted">0</span>}</td>
                        <td className="r">{formatShort(row.unpricedTokens)}</td>
                        <td className="r">{formatCount(row.noUsageCalls)}</td>
                        <td className="r">{formatCount(row.cacheHits)}</td>
                        <td className="r">
                          <SumCost usd={row.costUsd} unpricedCalls={row.unpricedCalls} calls={row.calls} />
                        </td>
                      </tr>
                    );
                  })}
                </tbody>
              </table>
            </div>
          )}
        </Panel>
      </div>
      <div className="section">
        <Drift data={data} />
      </div>
      {data.engines !== null && data.engines.length > 0 && (
        <div className="section">
          <OwnEngines engines={data.engines} />
        </div>
      )}
      <div className="grid two section">
        <Gaps title={t('costs.engines')} rows={data.enginesWithoutModel.map((e) => ({ ...e, usd: null }))} />
        <Gaps title={t('costs.clients')} rows={data.clientWithoutGateway} />
      </div>
      <div className="section">
        <Book data={data} />
      </div>
    </div>
  );
}

function Difference({ usd, ratio }: { usd: Usd; ratio: number | null }) {
  return (
    <>
      <span title={`$${usd}`}>{formatUsd(usd)}</span> {ratio !== null && <span className={`badge ${Math.abs(ratio) > 0.01 ? 'warn' : ''}`}>{formatChange(ratio)}</span>}
    </>
  );
}

function Drift({ data }: { data: Coverage }) {
  const t = useT();
  const rows = data.models.filter((m) => m.both.calls > 0).sort((a, b) => Math.abs(Number(b.both.driftUsd)) - Math.abs(Number(a.both.driftUsd)));
  const { both } = data.totals;
  return (
    <Panel title={t('costs.drift')} unit={t('costs.driftHint')} flush>
      {rows.length === 0 ? (
        <div style={{ height: 96 }}>
          <EmptyState title={t('costs.noBoth')} />
        </div>
      ) : (
        <div className="table-wrap" style={{ maxHeight: 380 }} tabIndex={0}>
          <table className="table">
            <thead>
              <tr>
                <th>{t('dim.model')}</th>
                <th className="r">{t('costs.bothCalls')}</th>
                <th className="r">{t('costs.reported')}</th>
                <th className="r">{t('costs.computed')}</th>
                <th className="r">{t('costs.difference')}</th>
              </tr>
            </thead>
            <tbody>
              {rows.map((m) => (
                <tr key={`${m.layer}/${m.provider}/${m.model}`}>
                  <td>
                    {valueWords(m.model, t)} <span className="muted">{m.provider}</span>
                  </td>
                  <td className="r">{formatCount(m.both.calls)}</td>
                  <td className="r" title={`$${m.both.reportedUsd}`}>
                    {formatUsd(m.both.reportedUsd)}
                  </td>
                  <td className="r" title={`$${m.both.computedUsd}`}>
                    {formatUsd(m.both.computedUsd)}
                  </td>
                  <td className="r">
                    <Difference usd={m.both.driftUsd} ratio={m.both.driftRatio} />
                  </td>
                </tr>
              ))}
            </tbody>
            <tfoot>
              <tr>
                <td>{t('value.total')}</td>
                <td className="r">{formatCount(both.calls)}</td>
                <td className="r">{formatUsd(both.reportedUsd)}</td>
                <td className="r">{formatUsd(both.computedUsd)}</td>
                <td className="r">
                  <Difference usd={both.driftUsd} ratio={both.driftRatio} />
                </td>
              </tr>
            </tfoot>
          </table>
        </div>
      )}
    </Panel>
  );
}

/** What own engines cost, spread over the tokens they served, beside the list price of the same model. */
function OwnEngines({ engines }: { engines: EngineCost[] }) {
  const t = useT();
  const perMillion = (usd: Usd | null | undefined) => (usd === null || usd === undefined ? <span className="muted">—</span> : <span title={`$${usd}`}>{formatUsd(usd)}</span>);
  return (
    <Panel title={t('costs.ownEngines')} unit={t('costs.ownEnginesHint')} flush>
      <div className="table-wrap" style={{ maxHeight: 300 }} tabIndex={0}>
        <table className="table" data-engines>
          <thead>
            <tr>
              <th>{t('dim.model')}</th>
              <th className="r">{t('costs.gpus')}</th>
              <th className="r">{t('costs.gpuHours')}</th>
              <th className="r">{t('costs.engineCost')}</th>
              <th className="r">{t('costs.calls')}</th>
              <th className="r">{t('costs.engineTokens')}</th>
              <th className="r">{t('costs.perMillionTokens')}</th>
              <th className="r">{t('costs.listPerMillion')}</th>
              <th className="r">{t('costs.idle')}</th>
            </tr>
          </thead>
          <tbody>
            {engines.map((e) => (
              <tr key={e.model}>
                <td>{valueWords(e.model, t)}</td>
                <td className="r">{formatCount(e.gpus)}</td>
                <td className="r">{e.gpuHours.toFixed(1)}</td>
                <td className="r">{perMillion(e.costUsd)}</td>
                <td className="r">{formatCount(e.calls)}</td>
                <td className="r">{formatShort(e.tokens)}</td>
                <td className="r">{perMillion(e.usdPerMillionTokens)}</td>
                <td className="r">{perMillion(e.listPrice?.usdPerMillionTokens)}</td>
                <td className="r">{e.idleShare === null ? <span className="muted">—</span> : formatPercent(e.idleShare)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </Panel>
  );
}

function Gaps({ title, rows }: { title: string; rows: { service: string; host: string; calls: number; usd: Usd | null; hint: string }[] }) {
  const t = useT();
  return (
    <Panel title={title} flush>
      {rows.length === 0 ? (
        <div style={{ height: 72 }}>
          <EmptyState title={t('analytics.nothing')} />
        </div>
      ) : (
        <div className="table-wrap" style={{ maxHeight: 300 }} tabIndex={0}>
          <table className="table">
            <thead>
              <tr>
                <th>{t('dim.service')}</th>
                <th>{t('costs.host')}</th>
                <th className="r">{t('costs.calls')}</th>
                <th>{t('costs.hint')}</th>
              </tr>
            </thead>
            <tbody>
              {rows.map((row) => (
                <tr key={`${row.service}/${row.host}`}>
                  <td>{valueWords(row.service, t)}</td>
                  <td>{valueWords(row.host, t)}</td>
                  <td className="r">{formatCount(row.calls)}</td>
                  <td className="wrap">
                    <pre className="hint">{row.hint}</pre>
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

function Book({ data }: { data: Coverage }) {
  const t = useT();
  const { priceBook, prices } = data;
  const price = (usd: Usd | null) => (usd === null ? <span className="muted">—</span> : formatUsd(usd));
  const tiers = (entry: PriceEntry) =>
    entry.tiers.map((tier) => `${t('costs.tier', { tokens: formatShort(tier.aboveTokens) })}: ${[tier.inputUsdPerMillion, tier.outputUsdPerMillion].map((x) => (x === null ? '—' : formatUsd(x))).join(' / ')}`).join(' · ');
  return (
    <Panel title={t('costs.book')} flush unit={priceBook ? t('costs.bookInfo', { version: priceBook.version, n: formatCount(priceBook.entryCount), files: priceBook.files.join(', ') }) : ''}>
      {priceBook === null ? (
        <div style={{ height: 72 }}>
          <EmptyState title={t('costs.noBook')} />
        </div>
      ) : prices.length === 0 ? (
        <div style={{ height: 72 }}>
          <EmptyState title={t('state.empty')} />
        </div>
      ) : (
        <div className="table-wrap" style={{ maxHeight: 420 }} tabIndex={0}>
          <table className="table">
            <caption className="visually-hidden">{t('costs.perMillion')}</caption>
            <thead>
              <tr>
                <th>{t('dim.model')}</th>
                <th>{t('dim.provider')}</th>
                <th>{t('costs.valid')}</th>
                <th className="r">{t('tokens.input')}</th>
                <th className="r">{t('tokens.cacheRead')}</th>
                <th className="r">{t('tokens.cacheWrite')}</th>
                <th className="r">{t('tokens.output')}</th>
                <th className="r">{t('tokens.reasoning')}</th>
                <th className="r">{t('costs.perRequest')}</th>
                <th>{t('costs.entry')}</th>
              </tr>
            </thead>
            <tbody>
              {prices.map((entry) => (
                <tr key={entry.id}>
                  <td>{entry.model}</td>
                  <td>{entry.provider}</td>
                  <td>{entry.validFrom?.slice(0, 10) ?? '—'}</td>
                  <td className="r">{price(entry.inputUsdPerMillion)}</td>
                  <td className="r">{price(entry.cacheReadUsdPerMillion)}</td>
                  <td className="r">{price(entry.cacheWriteUsdPerMillion)}</td>
                  <td className="r">{price(entry.outputUsdPerMillion)}</td>
                  <td className="r">{price(entry.reasoningUsdPerMillion)}</td>
                  <td className="r">{price(entry.perRequestUsd)}</td>
                  <td className="muted" title={tiers(entry)}>
                    <span className="mono">{entry.id}</span> {entry.tiers.length > 0 && tiers(entry)}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
          <p className="muted" style={{ padding: '6px 14px 10px', fontSize: 12 }}>
            {t('costs.perMillion')}
          </p>
        </div>
      )}
    </Panel>
  );
}
