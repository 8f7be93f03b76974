// What the pages' tests share: one Chromium, visitors with a look of their own, and the checks that hold for every page.
import { createRequire } from 'node:module';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import assert from 'node:assert/strict';

const require = createRequire(join(process.env.NODE_MODULES, 'x.js'));
const { chromium } = require('playwright-core');
const axe = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');

export const desk = process.env.DESK;
export const password = 'correct horse battery';
const pictures = process.env.PICTURES;

export const looks = {
  desk: { viewport: { width: 1280, height: 860 }, colorScheme: 'light' },
  dark: { viewport: { width: 1280, height: 860 }, colorScheme: 'dark' },
  phone: { viewport: { width: 360, height: 740 }, colorScheme: 'light', hasTouch: true, isMobile: true },
};

export const launch = () =>
  chromium.launch({
    executablePath: '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
  });

/** A visitor: everything that the browser complains about is kept in `faults`. */
export async function visit(browser, look, options = {}) {
  const context = await browser.newContext({ ...looks[look], locale: 'en-GB', ...options });
  await context.addInitScript(() => {
    document.addEventListener('securitypolicyviolation', (e) => console.error(`content policy: ${e.violatedDirective} ${e.blockedURI} ${e.sample}`));
  });
  const page = await context.newPage();
  page.setDefaultTimeout(15_000);
  const faults = [];
  page.on('console', (message) => ['error', 'warning'].includes(message.type()) && faults.push(message.text()));
  page.on('pageerror', (error) => faults.push(`uncaught: ${error.message}`));
  page.on('request', (request) => !request.url().startsWith(desk) && !request.url().startsWith('data:') && faults.push(`left the origin: ${request.url()}`));
  return { context, page, faults };
}

// One session a person, as people have: the desk slows down who logs in again and again.
const sessions = new Map();

/** A visitor who has logged in; through the form the first time. */
export async function visitAs(browser, login, look) {
  const visitor = await visit(browser, look, sessions.has(login) ? { storageState: sessions.get(login) } : {});
  if (sessions.has(login)) {
    await visitor.page.goto(`${desk}/app/`);
    await visitor.page.getByRole('button', { name: /Log out|Abmelden/ }).waitFor();
  } else {
    await logIn(visitor.page, login);
    sessions.set(login, await visitor.context.storageState());
    visitor.faults.length = 0; // that nobody was logged in before is said by a 401
  }
  return visitor;
}

async function logIn(page, login) {
  await page.goto(`${desk}/app/`);
  await page.getByLabel('Login').fill(login);
  await page.getByLabel('Password').fill(password);
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: 'Log out' }).waitFor();
}

export async function open(page, path) {
  await page.goto(`${desk}/app${path}`);
  await page.locator('main h1').first().waitFor();
  await page.waitForFunction(() => !document.querySelector('main [role=status]')?.textContent?.includes('Loading'));
}

/** No axe violation, nothing wider than the window, no complaint of the browser. */
export async function isSound(page, faults, name) {
  // Through the debugger's own evaluation: the page's policy lets no foreign script in.
  const session = await page.context().newCDPSession(page);
  const { result } = await session.send('Runtime.evaluate', {
    expression: `${axe};axe.run(document,{runOnly:['wcag2a','wcag2aa','wcag21a','wcag21aa','wcag22aa','best-practice']}).then(r=>JSON.stringify(r.violations.map(v=>v.id+': '+v.nodes.map(n=>n.target+' '+n.failureSummary).join(' | '))))`,
    awaitPromise: true,
    returnByValue: true,
  });
  await session.detach();
  assert.deepEqual(JSON.parse(result.value), [], `axe on ${name}`);
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  assert.ok(wide <= 0, `${name} is ${wide} px wider than the window`);
  assert.deepEqual(faults, [], `what the browser says on ${name}`);
}

export async function picture(page, name) {
  if (pictures) {
    mkdirSync(pictures, { recursive: true });
    await page.screenshot({ path: join(pictures, `${name}.png`) });
  }
}
