// Run by pages_test.sh. What a customer can do; each test says it.
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { as as actAs, callApi, cases, desk, isSound, launch, open, picture } from './browser.mjs';

let browser;
before(async () => {
  browser = await launch();
});
after(() => browser?.close());
const as = actAs(() => browser);

test('an owner answers on a phone in a few taps, and sees it counted', () =>
  as('carla', 'phone', async (page) => {
    await open(page, `/cases/${cases.phishing}`);
    await page.getByLabel('It is fixed').check();
    await page.getByLabel('A note for us').fill('the forum is updated');
    await page.getByRole('button', { name: 'Send the answer' }).click();
    await page.getByText('the forum is updated').first().waitFor();
  }));

test('an owner opens a ticket with a file and sees what to do next', () =>
  as('carla', 'desk', async (page) => {
    await open(page, '/tickets/new?kind=suspicious&server=srv-1001');
    await page.getByLabel('Subject').fill('a process called kswapd0 eats the processor');
    await page.getByLabel('Text').fill('it runs from /dev/shm/.x');
    await page.getByRole('button', { name: 'Open the ticket' }).click();
    await page.getByRole('heading', { level: 1, name: /kswapd0/ }).waitFor();
    await page.getByRole('heading', { name: 'What to do now' }).waitFor();
    await page.getByText('keep a copy of the file before anything is deleted').waitFor();
    assert.ok(!(await page.locator('main').innerText()).includes('pinfold '), 'no command of the desk: a customer has none');
    await page.getByRole('button', { name: 'Order an audit' }).click();
    assert.equal(await page.getByLabel('Folders').inputValue(), '/tmp\n/var/tmp\n/dev/shm', 'one click and a look');
    await page.getByRole('button', { name: 'Cancel' }).click();
    await page.getByLabel('Attach files').setInputFiles({ name: 'ps.txt', mimeType: 'text/plain', buffer: Buffer.from('1 kswapd0') });
    await page.getByText('ps.txt (9 B)').waitFor();
    await page.getByLabel('Your message').fill('here is the list');
    await page.getByRole('button', { name: 'Send', exact: true }).click();
    await page.getByRole('link', { name: 'ps.txt' }).waitFor();
  }));

test('an owner accepts the policy and sees what differs from the one before', () =>
  as('carla', 'desk', async (page) => {
    await open(page, '/terms');
    await page.getByLabel('differences from version 1').check();
    await page.getByText('keep your software up to date').waitFor();
    await picture(page, 'my-terms');
    await page.getByRole('button', { name: 'Accept version 2' }).click();
    await page.getByText('Accepted').waitFor();
  }));

test("nobody sees another customer's case, server or ticket", () =>
  as('dora', 'desk', async (page) => {
    for (const path of [`/cases/${cases.phishing}`, '/servers/srv-1001', '/tickets/T-1']) {
      await page.goto(`${desk}/app${path}`);
      await page.getByRole('alert').waitFor();
      assert.ok(!(await page.locator('main').innerText()).includes('forum'), path);
    }
  }));

test('a customer is never shown a page of the staff', () =>
  as('carla', 'desk', async (page) => {
    for (const path of ['/approvals', '/network', '/audit-log', '/customers']) {
      await open(page, path);
      await page.getByRole('heading', { name: 'There is no such page' }).waitFor();
    }
  }));

test('the pages speak German when asked to, and remember it', () =>
  as('dora', 'desk', async (page) => {
    await open(page, '/account');
    await page.getByLabel('Language').selectOption('de');
    await page.getByRole('heading', { name: 'Mein Konto' }).waitFor();
    await open(page, '/');
    await page.getByRole('heading', { name: /Guten Tag/ }).waitFor();
  }));

test('an owner sees what a server sent, when we saw abuse, and what it costs', () =>
  as('carla', 'desk', async (page, faults) => {
    await open(page, '/servers/srv-1001');
    for (const name of ['day', 'week', 'month']) {
      await page.getByRole('button', { name, exact: true }).click();
      await page.getByRole('img', { name: /Bandwidth of srv-1001/ }).waitFor();
    }
    await page.getByText('Shaded: abuse seen in').waitFor();
    await page.getByText(/95th percentile of/).waitFor();
    await picture(page, 'my-server');
    await isSound(page, faults, 'a month of bandwidth');
  }));

test('an owner takes the evidence home, and no reporter stands in it', () =>
  as('carla', 'desk', async (page) => {
    await open(page, `/cases/${cases.phishing}`);
    const download = page.waitForEvent('download');
    await page.getByRole('link', { name: /Download the evidence/ }).click();
    const text = readFileSync(await (await download).path(), 'utf8');
    assert.ok(JSON.parse(text).findings.length > 0);
    assert.ok(!text.includes('bank.example') && !text.includes('reporter'), text);
  }));

test('an owner of a server that is off reads who did it, why, since when, and how to reach the console', () =>
  as('carla', 'phone', async (page) => {
    await open(page, '/servers/srv-1003');
    const told = await page.locator('main').innerText();
    for (const part of ['The port is switched off', 'since', 'https://panel.hosting.example/console/srv-1003']) {
      assert.ok(told.includes(part), `${part} in ${told}`);
    }
  }));

test('an owner changes the contacts and reads when each was verified', () =>
  as('carla', 'desk', async (page) => {
    await open(page, '/profile');
    await page.getByRole('row', { name: /ops@forum.example/ }).getByText(/12 d ago|11 d 23 h ago/).waitFor();
    await page.getByRole('button', { name: 'Change the contacts' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('button', { name: 'One more contact' }).click();
    await dialog.getByLabel('Address').last().fill('night@forum.example');
    await dialog.getByRole('button', { name: 'Save' }).click();
    await dialog.waitFor({ state: 'hidden' });
    await page.getByRole('row', { name: /night@forum.example/ }).waitFor();
  }));

test('a token is shown once, and revoked', () =>
  as('carla', 'desk', async (page) => {
    await open(page, '/tokens');
    await page.getByRole('button', { name: 'Make a token' }).first().click();
    await page.getByRole('dialog').getByLabel('Name').fill('monitoring');
    await page.getByRole('dialog').getByRole('button', { name: 'Make a token' }).click();
    await page.getByText(/pf_[a-z0-9]{20,}/).waitFor();
    await page.getByRole('row', { name: /monitoring/ }).getByRole('button', { name: 'Revoke' }).click();
    await page.getByText('No token yet.').waitFor();
  }));

test('an owner reads what an audit found, and ticks off the plan step by step', () =>
  as('carla', 'desk', async (page, faults) => {
    await open(page, '/tickets/T-1');
    await page.getByText('Show what it found').click();
    await page.getByRole('cell', { name: 'runs what a visitor sends' }).waitFor();
    await picture(page, 'my-ticket');
    await isSound(page, faults, 'an audit and its findings');
    const left = await page.getByRole('button', { name: 'Done', exact: true }).count();
    await page.getByRole('button', { name: 'Done', exact: true }).first().click();
    await page.waitForFunction((n) => [...document.querySelectorAll('button')].filter((b) => b.textContent.trim() === 'Done').length === n - 1, left);
    const ticked = (await callApi(page, 'GET', '/v1/tickets/T-1')).events.filter((e) => e.kind === 'step_done');
    assert.ok(ticked.length >= 2 && ticked.every((e) => e.side === 'customer' && e.by === 'carla'), JSON.stringify(ticked));
  }));
