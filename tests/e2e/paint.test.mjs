// Run by `make bench-pages` (ONLY=paint), not by `make test`: how soon something is to be seen on a slow machine. Chromium's processor is throttled to
// a quarter (CDP), the browser's cache is empty; the median of five visits.
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { answers, as as actAs, callApi, cases, desk, launch, open, visit } from './browser.mjs';

const slowness = 4;
const visits = 5;
const most = 1000; // ms to the first paint

let browser;
before(async () => {
  browser = await launch();
});
after(() => browser?.close());
const as = actAs(() => browser);

async function paintOf(page, url) {
  const session = await page.context().newCDPSession(page);
  await session.send('Emulation.setCPUThrottlingRate', { rate: slowness });
  await session.send('Network.enable');
  await session.send('Network.setCacheDisabled', { cacheDisabled: true });
  const times = [];
  for (let i = 0; i < visits; i += 1) {
    await page.goto(url);
    const time = await page.waitForFunction(() => performance.getEntriesByName('first-contentful-paint')[0]?.startTime);
    times.push(await time.jsonValue());
  }
  await session.detach();
  return times.sort((a, b) => a - b)[Math.floor(visits / 2)];
}

function judge(t, what, time) {
  console.log(JSON.stringify({ what, first_paint_ms: Math.round(time), slowness }));
  t.diagnostic(`${what}: ${Math.round(time)} ms`);
  assert.ok(time < most, `${what}: ${Math.round(time)} ms`);
}

test('the log-in', async (t) => {
  const { page, context } = await visit(browser, 'phone');
  judge(t, 'log-in, phone', await paintOf(page, `${desk}/app/`));
  await context.close();
});

for (const [who, look, path] of [
  ['carla', 'phone', '/'],
  ['carla', 'phone', '/servers/srv-1001'],
  ['bert', 'desk', '/'],
  ['bert', 'desk', `/cases/${cases.waiting}`],
]) {
  test(`${path} as ${who}`, (t) => as(who, look, async (page) => judge(t, `/app${path} as ${who}, ${look}`, await paintOf(page, `${desk}/app${path}`))));
}

test('the link of a notice', async (t) => {
  let link = '';
  await as('bert', 'desk', async (page) => {
    await open(page, '/');
    link = (await callApi(page, 'GET', `/v1/cases/${cases.waiting}/notices/1`)).text.split(/\s/).find((word) => word.startsWith(`${answers}/c/`));
  });
  const { page, context } = await visit(browser, 'narrow');
  judge(t, 'signed link, 320 px', await paintOf(page, link));
  await context.close();
});
