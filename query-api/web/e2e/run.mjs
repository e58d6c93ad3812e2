/*
 * SPDX-License-Identifier: Apache-2.0
 */
// Opens a running Spanmill in a real browser and checks what a reader sees against what the API says.
//   npm run e2e -- --base http://127.0.0.1:8080 [--from T --to T] [--key KEY] [--shots DIR]
//   npm run e2e -- --mock            the built files with made-up data
import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { openBrowser } from './browser.mjs';

const { values: args } = parseArgs({
  options: {
    base: { type: 'string' },
    mock: { type: 'boolean', default: false },
    from: { type: 'string' },
    to: { type: 'string' },
    key: { type: 'string' },
    shots: { type: 'string' },
  },
});

/**
 * Whole hours, so that rollup windows tile it and both askers mean the same range; of a month whole steps of its charts, so that each step is
 * wide enough to be hit by the mouse.
 */
const HOUR = 3_600_000;
const step = (args.mock ? 1 : 6) * HOUR;
const end = Math.ceil(Date.now() / step) * step;
const from = args.from ?? new Date(end - (args.mock ? 6 : 30 * 24) * HOUR).toISOString();
const to = args.to ?? new Date(end).toISOString();

let server = null;
let base = args.base;
if (args.mock) {
  const { preview } = await import('vite');
  server = await preview({ mode: 'mock', preview: { port: 0, host: '127.0.0.1' }, logLevel: 'error' });
  base = server.resolvedUrls.local[0].replace(/\/$/, '');
}
if (!base) {
  console.error('say which Spanmill: --base http://127.0.0.1:8080, or --mock for made-up data');
  process.exit(2);
}

const headers = { accept: 'application/json', ...(args.key ? { authorization: `Bearer ${args.key}` } : {}) };
async function api(path, params = {}) {
  const answer = await fetch(`${base}${path}?${new URLSearchParams(params)}`, { headers });
  if (!answer.ok) throw new Error(`${path}: HTTP ${answer.status} ${await answer.text()}`);
  return answer.json();
}

const at = (params = {}, path = '/') => `${base}${path}?${new URLSearchParams({ from, to, ...params })}`;
const browser = await openBrowser();
const { page, context, complaints } = browser;
let failed = 0;
let done = 0;

async function check(name, body) {
  const before = complaints.length;
  const started = performance.now();
  try {
    await body();
    const said = complaints.slice(before);
    assert.deepEqual(said, [], 'the browser complained');
    console.log(`ok    ${name} (${((performance.now() - started) / 1000).toFixed(1)} s)`);
  } catch (error) {
    failed++;
    console.log(`FAIL  ${name}\n      ${String(error.message ?? error).replaceAll('\n', '\n      ')}`);
    if (args.shots) {
      mkdirSync(args.shots, { recursive: true });
      await page.screenshot({ path: join(args.shots, `${name.replace(/\W+/g, '-')}.png`) }).catch(() => {});
    }
  }
  done++;
}

/** A figure as it is shown, as a number: $1,234.56 · 4.48 s · 2.18% · 12,345. */
function shown(text) {
  const duration = /^([\d.]+) (µs|ms|s|min|h|d)(?: ([\d.]+) (s|min|h))?$/.exec(text);
  const unit = { µs: 0.001, ms: 1, s: 1000, min: 60_000, h: HOUR, d: 24 * HOUR };
  if (duration) return Number(duration[1]) * unit[duration[2]] + (duration[3] ? Number(duration[3]) * unit[duration[4]] : 0);
  if (text.endsWith('%')) return Number(text.replace('<', '').slice(0, -1)) / 100;
  return Number(text.replace(/[$,]/g, ''));
}

const tile = (name) => page.locator(`[data-tile="${name}"]`);

async function loaded() {
  await page.locator('main [aria-busy=true], main .skeleton').first().waitFor({ state: 'detached', timeout: 20_000 }).catch(() => {});
}

if (args.key) {
  await check('login box takes a key', async () => {
    await page.goto(at());
    await page.locator('.dialog input').fill(args.key);
    await page.locator('.dialog button[type=submit]').click();
    await tile('cost').waitFor();
    complaints.length = 0; // The 401 that called the box is one.
  });
}

await check('tables come as files that hold the rows of the screen', async () => {
  for (const tab of ['overview', 'analytics', 'traces', 'costs', 'replay']) {
    await page.goto(at({ tab }));
    const link = page.locator('[data-export] a').first();
    await link.waitFor();
    const href = await link.getAttribute('href');
    assert.match(href, /^\/api\/v1\/[a-z]+\?.*format=csv$/);
    if (args.mock) continue;
    const answer = await context.request.get(`${base}${href}`, { headers: args.key ? { authorization: `Bearer ${args.key}` } : {} });
    assert.equal(answer.status(), 200, href);
    assert.match(answer.headers()['content-type'], /^text\/csv/);
  }
});

await check('four tiles show what the API says', async () => {
  const first = await api('/api/v1/overview', { from, to });
  assert.ok(first.totals.events > 0, `no data between ${from} and ${to}: send some first`);
  await page.goto(at());
  await tile('cost').waitFor();
  await loaded();
  const second = await api('/api/v1/overview', { from, to });
  const figures = ({ totals }) => ({ cost: totals.cost.usd, events: totals.events, latency: totals.latencyMs.avg, failRate: totals.failRate });
  const titles = { cost: 'Total Cost', events: 'Total Events', latency: 'Avg Latency', failRate: 'Fail Rate' };
  for (const [name, title] of Object.entries(titles)) {
    const box = tile(name);
    const exact = await box.getAttribute('data-exact');
    const wanted = [figures(first)[name], figures(second)[name]].map((v) => String(v ?? ''));
    assert.ok(wanted.includes(exact), `${title}: the screen has ${exact}, the API ${wanted.join(' then ')}`);
    assert.equal((await box.locator('h2').innerText()).trim(), title);
    if (exact === '') continue;
    const value = shown((await box.locator('.tile-value').innerText()).trim());
    const limit = Math.max(Math.abs(Number(exact)) * 0.006, name === 'cost' && Math.abs(Number(exact)) >= 1 ? 0.005 : 0, name === 'failRate' ? 0.0001 : 0);
    assert.ok(Math.abs(value - Number(exact)) <= limit, `${title} reads ${value} for ${exact}`);
  }
  const { unpricedCalls } = second.totals.cost;
  const mark = await tile('cost').locator('[data-unpriced]').count();
  assert.equal(mark > 0, unpricedCalls > 0, 'unpriced calls must be named exactly when there are any');
});

await check('request rate is drawn', async () => {
  const canvas = page.locator('[data-chart="rate"] canvas').first();
  await canvas.waitFor({ timeout: 20_000 });
  const painted = await canvas.evaluate((node) => {
    const { data } = node.getContext('2d').getImageData(0, 0, node.width, node.height);
    const color = getComputedStyle(document.documentElement).getPropertyValue('--c1').trim();
    const wanted = [1, 3, 5].map((i) => parseInt(color.slice(i, i + 2), 16));
    let line = 0;
    let any = 0;
    for (let i = 0; i < data.length; i += 4) {
      if (data[i + 3] === 0) continue;
      any++;
      if (wanted.every((c, k) => Math.abs(data[i + k] - c) < 24)) line++;
    }
    return { line, any };
  });
  assert.ok(painted.any > 500, `the canvas is blank (${painted.any} pixels)`);
  assert.ok(painted.line > 40, `no line on the canvas (${painted.line} pixels of its colour)`);
});

await check('dragging over a chart zooms, back undoes it', async () => {
  const before = page.url();
  const box = await page.locator('[data-chart="rate"] canvas').first().boundingBox();
  await page.mouse.move(box.x + box.width * 0.4, box.y + 60);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * 0.6, box.y + 70, { steps: 6 });
  await page.mouse.up();
  await page.waitForURL((url) => url.href !== before);
  const zoomed = new URL(page.url()).searchParams;
  assert.ok(Date.parse(zoomed.get('from')) > Date.parse(from) && Date.parse(zoomed.get('to')) < Date.parse(to), `${zoomed}`);
  await page.goBack();
  await page.waitForURL(before);
});

await check('a point leads to its traces', async () => {
  // Enough of the range is empty in small data: the highest point is taken from the API.
  const { series, step } = await api('/api/v1/timeseries', { from, to, metric: 'calls' });
  const points = series[0].points;
  const best = points.reduce((a, b) => (Number(b[1] ?? 0) > Number(a[1] ?? 0) ? b : a));
  const box = await page.locator('[data-chart="rate"] canvas').first().boundingBox();
  const [left, right] = [Math.max(best[0], Date.parse(from)), Math.min(best[0] + step, Date.parse(to))];
  const share = ((left + right) / 2 - Date.parse(from)) / (Date.parse(to) - Date.parse(from));
  await page.mouse.click(box.x + 54 + share * (box.width - 64), box.y + 80);
  await page.locator('#tab-traces[aria-selected=true]').waitFor();
  await page.locator('a.trace-row').first().waitFor();
});

await check('tabs can be walked by mouse and by keys', async () => {
  await page.goto(at());
  for (const tab of ['analytics', 'replay', 'traces', 'grafana', 'costs', 'pipeline', 'overview']) {
    await page.locator(`#tab-${tab}`).click();
    await page.locator(`#tab-${tab}[aria-selected=true]`).waitFor();
    await page.locator('main .panel').first().waitFor({ timeout: 20_000 });
    await loaded();
    assert.deepEqual(await page.locator('main [role=alert]').allInnerTexts(), [], `${tab} shows an error`);
  }
  await page.locator('#tab-overview').focus();
  await page.keyboard.press('ArrowRight');
  await page.locator('#tab-analytics[aria-selected=true]').waitFor();
  assert.equal(await page.evaluate(() => document.activeElement.id), 'tab-analytics');
});

await check('Analytics: sorting asks the server', async () => {
  await page.goto(at({ tab: 'analytics' }));
  await page.locator('[data-breakdown] tbody tr').first().waitFor();
  const answer = page.waitForResponse((r) => r.url().includes('/breakdown') && new URL(r.url()).searchParams.get('sort') === '-calls');
  await page.locator('[data-breakdown] th .sort').first().click();
  const { rows } = await (await answer).json();
  await page.locator('[data-breakdown] th[aria-sort=descending]').first().waitFor();
  const calls = rows.map((r) => r.calls);
  assert.deepEqual(calls, [...calls].sort((a, b) => b - a));
});

let traceId = null;
const asked = [];
page.on('request', (request) => asked.push(request.url()));

await check('keys walk the list, open and close a trace', async () => {
  await page.goto(at({ tab: 'traces', sort: '-cost' }));
  await page.locator('a.trace-row').first().waitFor();
  const ids = await page.locator('a.trace-row').evaluateAll((rows) => rows.map((r) => [Number(r.getAttribute('aria-rowindex')), r.dataset.trace]).sort((a, b) => a[0] - b[0]).map((r) => r[1]));
  const list = await api('/api/v1/traces', { from, to, sort: '-cost', limit: '100' });
  assert.deepEqual(ids, list.rows.slice(0, ids.length).map((r) => r.traceId));
  await page.keyboard.press('j');
  if (ids.length > 1) {
    await page.keyboard.press('j');
    await page.keyboard.press('k');
  }
  await page.locator(`a.trace-row.current[data-trace="${ids[0]}"]`).waitFor();
  await page.keyboard.press('Enter');
  traceId = ids[0];
  await page.locator('[data-waterfall] [data-span]').first().waitFor();
  assert.equal(new URL(page.url()).searchParams.get('trace'), traceId);
  if (ids.length > 1) {
    await page.keyboard.press('j');
    await page.waitForURL((url) => url.searchParams.get('trace') === ids[1]);
    await page.keyboard.press('k');
    await page.waitForURL((url) => url.searchParams.get('trace') === traceId);
  }
  await page.keyboard.press('Escape');
  await page.locator('.drawer').waitFor({ state: 'detached' });
});

await check('a trace shows its own totals; content comes only when opened', async () => {
  asked.length = 0;
  await page.goto(at({ tab: 'traces', trace: traceId }));
  await page.locator('[data-waterfall] [data-span]').first().waitFor();
  const detail = await api(`/api/v1/traces/${traceId}`);
  const cost = page.locator('[data-fact=cost] [title]').first();
  if (detail.trace.costUsd !== null && Number(detail.trace.costUsd) > 0) assert.equal(await cost.getAttribute('title'), `$${detail.trace.costUsd}`);
  assert.ok(!asked.some((url) => url.includes('content=')), 'content was asked for unasked');
  // Raw and infrastructure spans are folded away at first.
  const carrier = detail.spans.find((s) => s.hasContent && !['RAW', 'INFRA'].includes(s.role));
  if (!carrier) return;
  await page.locator(`[data-span="${carrier.spanId}"]`).click();
  await page.locator('[data-span-pane] [data-content], [data-span-pane] .muted').first().waitFor();
  await page.waitForFunction(() => document.querySelector('[data-span-pane] .skeleton') === null);
  assert.ok(asked.some((url) => url.includes(`content=${carrier.spanId}`)), 'content was not asked for');
});

await check('the URL restores everything after a reload', async () => {
  const state = { tab: 'traces', sort: '-duration', status: 'ok', refresh: 'off', trace: traceId };
  await page.goto(at(state));
  await page.locator('.drawer [data-waterfall]').waitFor();
  const before = page.url();
  await page.reload();
  await page.locator('.drawer [data-waterfall]').waitFor();
  assert.equal(page.url(), before);
  for (const [name, value] of Object.entries({ from, to, ...state })) assert.equal(new URL(before).searchParams.get(name), value, name);
  await page.locator('[role=columnheader][aria-sort=descending]', { hasText: 'Duration' }).waitFor();
});

await check('Replay steps through a session', async () => {
  await page.goto(at({ tab: 'replay' }));
  await page.locator('[data-session]').first().click();
  await page.locator('[data-steps] .step').first().waitFor();
  const steps = await page.locator('[data-steps] .step').count();
  if (steps > 1) {
    await page.keyboard.press('ArrowRight');
    await page.locator('[data-steps] .step').nth(1).and(page.locator('[aria-current=step]')).waitFor();
    await page.locator('.player-bar .btn.primary').click();
    await page.locator('[data-steps] .step').nth(0).waitFor();
  }
});

await check('Korean, and back', async () => {
  await page.goto(at());
  await page.getByRole('radio', { name: '한국어' }).click();
  await tile('cost').getByText('총비용').waitFor();
  assert.equal(await page.locator('html').getAttribute('lang'), 'ko');
  assert.deepEqual(await page.locator('[data-tile] h2').allInnerTexts().then((all) => all.map((x) => x.trim())), ['총비용', '총 이벤트', '평균 지연 시간', '실패율']);
  await page.reload();
  await tile('cost').getByText('총비용').waitFor();
  await page.getByRole('radio', { name: 'English' }).click();
  await tile('cost').getByText('Total Cost').waitFor();
});

await check('light and dark by choice', async () => {
  const background = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  const button = page.locator('.topbar > button').last();
  await button.click();
  const light = await background();
  await button.click();
  const dark = await background();
  assert.notEqual(light, dark);
  await button.click();
});

await check('the portal path and the printed link work', async () => {
  await page.goto(`${base}/admin/monitoring?${new URLSearchParams({ from, to })}`);
  await tile('cost').waitFor();
  await page.locator('#tab-traces').click();
  assert.equal(new URL(page.url()).pathname, '/admin/monitoring');
  await page.goto(`${base}/sessions?trace_id=${traceId}`);
  await page.locator('.drawer [data-waterfall]').waitFor();
});

await check('nothing jumps while the Overview loads', async () => {
  await page.addInitScript(() => {
    window.shifted = 0;
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.shifted += entry.value;
    }).observe({ type: 'layout-shift', buffered: true });
  });
  await page.goto(at());
  await tile('cost').waitFor();
  await page.locator('[data-chart="rate"] canvas').first().waitFor();
  await loaded();
  const shifted = await page.evaluate(() => window.shifted);
  assert.ok(shifted < 0.1, `layout shift ${shifted.toFixed(3)}`);
});

await check('an API error is shown with its message and a way to retry', async () => {
  const other = await context.newPage();
  await other.route('**/api/v1/overview*', (route) => route.fulfill({ status: 400, contentType: 'application/json', body: '{"error":{"code":"bad_range","message":"made up for the test","field":"from"}}' }));
  await other.goto(at());
  await other.getByText('made up for the test').waitFor();
  await other.unroute('**/api/v1/overview*');
  await other.locator('main [role=alert] button').first().click();
  await other.locator('[data-tile=cost]').waitFor();
  await other.close();
  // The browser itself logs the made-up 400.
  for (let i = complaints.length - 1; i >= 0; i--) if (complaints[i].includes('status of 400')) complaints.splice(i, 1);
});

await check('an answer of 401 brings the login box', async () => {
  const other = await context.newPage();
  await other.route('**/api/v1/overview*', (route) => route.fulfill({ status: 401, contentType: 'application/json', body: '{"error":{"code":"unauthorized","message":"no key","field":null}}' }));
  await other.goto(at());
  await other.getByRole('dialog').getByRole('textbox').or(other.locator('.dialog input')).first().waitFor();
  await other.close();
  for (let i = complaints.length - 1; i >= 0; i--) if (complaints[i].includes('status of 401')) complaints.splice(i, 1);
});

await browser.close();
await server?.close();
console.log(`${done - failed} of ${done} checks hold`);
process.exit(failed === 0 ? 0 : 1);
