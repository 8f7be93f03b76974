// What the pages' tests share: one Chromium, visitors with a look of their own, and the checks that hold for every page.
import { createRequire } from 'node:module';
import { appendFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import assert from 'node:assert/strict';

const require = createRequire(join(process.env.NODE_MODULES, 'x.js'));
const { chromium } = require('playwright-core');
const axe = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');

export const desk = process.env.DESK;
export const answers = process.env.ANSWERS;
/** The cases of the example that tests name: phishing (carla's, waits for an answer), malware (dora's), promised, silent (nobody answered in time). */
export const cases = JSON.parse(readFileSync(join(process.env.FOLDER, 'cases.json'), 'utf8'));
export const password = 'correct horse battery';
const pictures = process.env.PICTURES;
const proxy = process.env.PROXY;

export const looks = {
  desk: { viewport: { width: 1280, height: 860 }, colorScheme: 'light' },
  dark: { viewport: { width: 1280, height: 860 }, colorScheme: 'dark' },
  phone: { viewport: { width: 360, height: 740 }, colorScheme: 'light', hasTouch: true, isMobile: true },
  narrow: { viewport: { width: 320, height: 640 }, colorScheme: 'light', hasTouch: true, isMobile: true },
  narrowDark: { viewport: { width: 320, height: 640 }, colorScheme: 'dark', hasTouch: true, isMobile: true },
};

export const launch = () =>
  chromium.launch({
    executablePath: '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
  });

/** What was said to the API and answered, for tests/cli/contract_check.py. */
async function writeDown(request) {
  const url = new URL(request.url());
  if (!url.pathname.startsWith('/v1/') || url.pathname === '/v1/stream') {
    return;
  }
  try {
    const response = await request.response();
    const said = {
      method: request.method(),
      target: url.pathname + url.search,
      sent_type: (await request.headerValue('content-type')) ?? '',
      sent: request.postData(),
      status: response.status(),
      type: (await response.headerValue('content-type')) ?? '',
      body: response.status() === 204 ? '' : await response.text(),
    };
    appendFileSync(join(process.env.FOLDER, 'said.jsonl'), `${JSON.stringify(said)}\n`);
  } catch {
    // The page was left before the answer could be read.
  }
}

/** A visitor: everything that the browser complains about is kept in `faults`. */
export async function visit(browser, look, options = {}) {
  const context = await browser.newContext({ ...looks[look], locale: 'en-GB', ...options });
  await context.addInitScript(() => {
    document.addEventListener('securitypolicyviolation', (e) => console.error(`content policy: ${e.violatedDirective} ${e.blockedURI} ${e.sample}`));
  });
  if (proxy) {
    await context.route(
      (url) => url.origin === desk && url.pathname.startsWith('/v1/') && url.pathname !== '/v1/stream',
      async (route) => {
        const request = route.request();
        // "Who am I?" before anybody has logged in: prism would refuse it in words of its own, and the page is to hear the desk's.
        const anonymous = request.method() === 'GET' && request.url().endsWith('/v1/session') && (await context.cookies(desk)).length === 0;
        if (anonymous) {
          return route.continue();
        }
        try {
          // Fetched beside the browser, which keeps the cookies of one port from another.
          return await route.fulfill({ response: await route.fetch({ url: request.url().replace(desk, proxy) }) });
        } catch {
          return route.abort().catch(() => {}); // the page was left meanwhile
        }
      },
    );
  }
  const page = await context.newPage();
  const written = [];
  page.on('requestfinished', (request) => written.push(writeDown(request)));
  page.setDefaultTimeout(15_000);
  const faults = [];
  page.on('console', (message) => ['error', 'warning'].includes(message.type()) && faults.push(message.text()));
  page.on('pageerror', (error) => faults.push(`uncaught: ${error.message}`));
  page.on('request', (request) => ![desk, answers].includes(new URL(request.url()).origin) && !request.url().startsWith('data:') && faults.push(`left the origin: ${request.url()}`));
  return { context, page, faults, written };
}

// One session a person, as people have: the desk slows down who logs in again and again. Kept beside the desk, for the next file of tests.
const sessionOf = (login) => join(process.env.FOLDER, `session-${login}.json`);

/** A visitor who has logged in; through the form the first time. */
export async function visitAs(browser, login, look) {
  const known = existsSync(sessionOf(login));
  const visitor = await visit(browser, look, known ? { storageState: sessionOf(login) } : {});
  await visitor.page.goto(`${desk}/app/`);
  if (!known) {
    await visitor.page.getByLabel('Login').fill(login);
    await visitor.page.getByLabel('Password').fill(password);
    await visitor.page.keyboard.press('Enter');
  }
  await visitor.page.locator('header .brand').waitFor();
  if (!known) {
    await visitor.context.storageState({ path: sessionOf(login) });
    visitor.faults.length = 0; // that nobody was logged in before is said by a 401
  }
  return visitor;
}

/** Does something as somebody, then lets him go. */
export const as = (browser) => async (login, look, work) => {
  const visitor = await visitAs(browser(), login, look);
  try {
    await work(visitor.page, visitor.faults);
  } finally {
    await Promise.allSettled(visitor.written); // an answer can be read only while its page is there
    await visitor.context.close();
  }
};

/** A call of the API with the session of the page: another person acting elsewhere. */
export const callApi = (page, method, path, body) =>
  page.evaluate(
    async ([method, path, body]) => {
      const { csrf } = await (await fetch('/v1/session')).json();
      const headers = { 'content-type': 'application/json', 'x-csrf-token': csrf, ...(method === 'POST' ? { 'idempotency-key': crypto.randomUUID() } : {}) };
      const response = await fetch(path, { method, headers, ...(body ? { body: JSON.stringify(body) } : {}) });
      return response.status === 204 ? undefined : response.json();
    },
    [method, path, body],
  );

export async function open(page, path) {
  await page.goto(`${desk}/app${path}`);
  await page.locator('main h1').first().waitFor();
  await page.waitForFunction(() => !document.querySelector('main [role=status]')?.textContent?.includes('Loading') && !document.querySelector('main [aria-busy=true]'));
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
    await page.screenshot({ path: join(pictures, `${name}.png`), fullPage: Boolean(process.env.WHOLE) });
  }
}
