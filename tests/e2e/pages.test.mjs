// Run by pages_test.sh. Each test says what a person can do.
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { desk, isSound, launch, open, password, picture, visit, visitAs } from './browser.mjs';

let browser;
before(async () => {
  browser = await launch();
});
after(() => browser?.close());

async function as(login, look, work) {
  const visitor = await visitAs(browser, login, look);
  try {
    await work(visitor.page, visitor.faults);
  } finally {
    await visitor.context.close();
  }
}

test('a wrong password is said, the right one lets in, by keyboard alone', async () => {
  const { page, context } = await visit(browser, 'desk');
  await page.goto(`${desk}/app/`);
  await page.getByLabel('Login').focus();
  await page.keyboard.type('anna');
  await page.keyboard.press('Tab');
  await page.keyboard.type('wrong horse battery');
  await page.keyboard.press('Enter');
  await page.getByRole('alert').waitFor();
  await page.getByLabel('Password').fill(password);
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'Queue' }).waitFor();
  await context.close();
});

const staffPages = [
  ['/', 'queue'],
  ['/cases/PF-1', 'case'],
  ['/approvals', 'approvals'],
  ['/triage', 'triage'],
  ['/servers', 'servers'],
  ['/servers/srv-1001', 'server'],
  ['/tickets', 'tickets'],
  ['/tickets/T-1', 'ticket'],
  ['/customers', 'customers'],
  ['/customers/1001', 'customer'],
  ['/network', 'network'],
  ['/audits', 'audits'],
  ['/terms', 'terms'],
  ['/statistics', 'statistics'],
  ['/detectors', 'detectors'],
  ['/policies', 'policies'],
  ['/outbox', 'outbox'],
  ['/audit-log', 'audit-log'],
  ['/settings', 'settings'],
  ['/account', 'account'],
  ['/tokens', 'tokens'],
];
for (const look of ['desk', 'dark', 'phone']) {
  test(`every page of the staff is sound: ${look}`, () =>
    as('anna', look, async (page, faults) => {
      for (const [path, name] of staffPages) {
        await open(page, path);
        await isSound(page, faults, `${name} (${look})`);
        await picture(page, look === 'desk' ? name : `${name}-${look}`);
      }
    }));
}

const customerPages = [
  ['/', 'overview'],
  ['/cases', 'my-cases'],
  ['/cases/PF-1', 'my-case'],
  ['/servers', 'my-servers'],
  ['/servers/srv-1001', 'my-server'],
  ['/tickets', 'my-tickets'],
  ['/tickets/new', 'new-ticket'],
  ['/terms', 'my-terms'],
  ['/profile', 'profile'],
  ['/account', 'my-account'],
];
for (const look of ['desk', 'dark', 'phone']) {
  test(`every page of a customer is sound: ${look}`, () =>
    as('carla', look, async (page, faults) => {
      for (const [path, name] of customerPages) {
        await open(page, path);
        await isSound(page, faults, `${name} (${look})`);
        await picture(page, look === 'desk' ? name : `${name}-${look}`);
      }
    }));
}

test('staff moves through the queue by keyboard, opens a case and leaves a note', () =>
  as('bert', 'desk', async (page) => {
    await open(page, '/');
    await page.getByRole('row').nth(1).waitFor();
    await page.keyboard.press('j');
    await page.keyboard.press('k');
    await page.keyboard.press('o');
    await page.getByRole('heading', { level: 1, name: /^PF-/ }).waitFor();
    await page.keyboard.press('n');
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Text').fill('called the owner, nobody answered');
    await dialog.getByRole('button', { name: 'Note' }).click();
    await dialog.waitFor({ state: 'hidden' });
    await page.getByText('called the owner, nobody answered').first().waitFor();
  }));

test('letters typed into a field move nothing', () =>
  as('bert', 'desk', async (page) => {
    await open(page, '/');
    await page.getByRole('searchbox').fill('');
    await page.getByRole('searchbox').press('o');
    assert.ok(page.url().endsWith('/app/'), page.url());
  }));

test('several cases are taken over at once, with one reason, by mouse', () =>
  as('bert', 'desk', async (page) => {
    await open(page, '/');
    await page.getByRole('checkbox', { name: 'Mark PF-1' }).check();
    await page.getByRole('checkbox', { name: 'Mark PF-2' }).check();
    await page.getByRole('button', { name: 'Take over' }).click();
    await page.getByRole('dialog').getByLabel('Reason').fill('my shift');
    await page.getByRole('dialog').getByRole('button', { name: 'Take over' }).click();
    await page.getByText('2 done, 0 refused.').waitFor();
  }));

test('whoever decides on what has moved meanwhile is refused', () =>
  as('anna', 'desk', async (page) => {
    await open(page, '/cases/PF-3');
    // Another person acts, by the API, while this one looks.
    await page.evaluate(async () => {
      const { csrf } = await (await fetch('/v1/session')).json();
      await fetch('/v1/cases/PF-3/notes', {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'x-csrf-token': csrf, 'idempotency-key': crypto.randomUUID() },
        body: JSON.stringify({ text: 'meanwhile' }),
      });
    });
    await page.getByRole('button', { name: 'Close', exact: true }).first().click();
    await page.getByRole('dialog').getByLabel('Reason').fill('a mistake');
    await page.getByRole('dialog').getByRole('button', { name: 'Close' }).last().click();
    await page.getByRole('dialog').getByRole('alert').waitFor();
    assert.match(await page.getByRole('dialog').getByRole('alert').innerText(), /moved meanwhile/);
  }));

test('an owner answers on a phone in a few taps, and sees it counted', () =>
  as('carla', 'phone', async (page) => {
    await open(page, '/cases/PF-1');
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
    await page.getByRole('button', { name: 'Accept version 2' }).click();
    await page.getByText('Accepted').waitFor();
  }));

test("nobody sees another customer's case, server or ticket", () =>
  as('dora', 'desk', async (page) => {
    for (const path of ['/cases/PF-1', '/servers/srv-1001', '/tickets/T-1']) {
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

test('a change elsewhere is announced, and moves nothing under the hand', () =>
  as('anna', 'desk', async (page) => {
    await open(page, '/');
    await page.getByText('● live').waitFor();
    const first = await page.getByRole('row').nth(1).innerText();
    await page.evaluate(async () => {
      const { csrf } = await (await fetch('/v1/session')).json();
      await fetch('/v1/cases/PF-2/notes', {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'x-csrf-token': csrf, 'idempotency-key': crypto.randomUUID() },
        body: JSON.stringify({ text: 'news' }),
      });
    });
    const news = page.getByRole('button', { name: /\d+ new/ });
    await news.waitFor();
    assert.equal(await page.getByRole('row').nth(1).innerText(), first);
    await news.click();
    await news.waitFor({ state: 'hidden' });
  }));
