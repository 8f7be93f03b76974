// Run by pages_test.sh. What the pages weigh: everything that a visitor of each side can come to load, as it goes over the wire (brotli).
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { as as actAs, launch, open } from './browser.mjs';
import { adminPages, customerPages, staffPages } from './page-list.mjs';

const most = { customer: 80_000, staff: 150_000 }; // bytes
const assets = join(process.env.DIST, 'assets');
const bytesOf = (name) => statSync(join(assets, `${name}.br`)).size;
const heaviest = Math.max(...readdirSync(assets).filter((name) => /^(en|de)-.*\.js$/.test(name)).map(bytesOf));
/** A visitor loads one language; whichever he did, the heaviest is counted. */
const weightOf = (names) => [...names].reduce((sum, name) => sum + (/^(en|de)-/.test(name) ? heaviest : bytesOf(name)), 0);

let browser;
before(async () => {
  browser = await launch();
});
after(() => browser?.close());
const as = actAs(() => browser);

/** The scripts that visiting all these pages fetches. */
async function scriptsOf(login, pages) {
  const names = new Set();
  await as(login, 'desk', async (page) => {
    page.on('request', (request) => request.resourceType() === 'script' && names.add(request.url().split('/').at(-1)));
    for (const [path] of pages) {
      await open(page, path);
    }
  });
  return names;
}

for (const [side, login, pages] of [
  ['customer', 'carla', customerPages],
  ['staff', 'olga', [...staffPages, ...adminPages]],
]) {
  test(`the scripts of a ${side} stay light`, async (t) => {
    const names = await scriptsOf(login, pages);
    assert.ok(names.size > 10, [...names].join(' '));
    const weight = weightOf(names);
    t.diagnostic(`${side}: ${names.size} scripts, ${weight} bytes of brotli`);
    assert.ok(weight <= most[side], `${weight} bytes of ${most[side]}`);
  });
}
