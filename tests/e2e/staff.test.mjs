// Run by pages_test.sh. What the staff can do, by keyboard and by mouse; each test says it.
import { execFileSync } from 'node:child_process';
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { as as actAs, callApi, cases, desk, isSound, launch, open, password, picture, visit } from './browser.mjs';

let browser;
before(async () => {
  browser = await launch();
});
after(() => browser?.close());
const as = actAs(() => browser);

/** What the kernel says of a port of the bridge: the desk has no part in it. */
const portIsUp = (name) => JSON.parse(execFileSync('ip', ['-json', 'link', 'show', name]))[0].flags.includes('UP');

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
  await page.locator('.who summary').click();
  await page.getByRole('button', { name: 'Log out' }).click();
  await page.getByRole('button', { name: 'Log in' }).waitFor();
  await context.close();
});

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
    await page.getByRole('checkbox', { name: `Mark ${cases.phishing}` }).check();
    await page.getByRole('checkbox', { name: `Mark ${cases.malware}` }).check();
    await page.getByRole('button', { name: 'Take over' }).click();
    await page.getByRole('dialog').getByLabel('Reason').fill('my shift');
    await page.getByRole('dialog').getByRole('button', { name: 'Take over' }).click();
    await page.getByText('2 done, 0 refused.').waitFor();
  }));

test('whoever decides on what has moved meanwhile is refused', () =>
  as('anna', 'desk', async (page) => {
    await open(page, `/cases/${cases.promised}`);
    // Another person acts, by the API, while this one looks.
    await callApi(page, 'POST', `/v1/cases/${cases.promised}/notes`, { text: 'meanwhile' });
    await page.getByRole('button', { name: 'Close', exact: true }).first().click();
    await page.getByRole('dialog').getByLabel('Reason').fill('a mistake');
    await page.getByRole('dialog').getByRole('button', { name: 'Close' }).last().click();
    await page.getByRole('dialog').getByRole('alert').waitFor();
    assert.match(await page.getByRole('dialog').getByRole('alert').innerText(), /moved meanwhile/);
  }));

test('a change elsewhere is announced, and moves nothing under the hand', () =>
  as('anna', 'desk', async (page) => {
    await open(page, '/');
    await page.getByText('● live').waitFor();
    const first = await page.getByRole('row').nth(1).innerText();
    await callApi(page, 'POST', `/v1/cases/${cases.malware}/notes`, { text: 'news' });
    const news = page.getByRole('button', { name: /\d+ new/ });
    await news.waitFor();
    assert.equal(await page.getByRole('row').nth(1).innerText(), first);
    await news.click();
    await news.waitFor({ state: 'hidden' });
  }));

test('a talk that is written up lets the port come back', () =>
  as('ines', 'desk', async (page) => {
    await open(page, `/cases/${cases.off}`);
    assert.equal(portIsUp('swp3'), false);
    await page.getByRole('button', { name: 'Record the talk' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Who spoke with whom').fill('Carla Berg with Ines');
    await dialog.getByLabel('The cause').fill('a stolen key');
    await dialog.getByLabel('What was done about it').fill('key removed, server installed anew');
    await dialog.getByRole('button', { name: 'Record the talk' }).click();
    await dialog.waitFor({ state: 'hidden' });
    await page.getByRole('article', { name: /^Action 2/ }).getByText('ifAdminStatus up', { exact: false }).first().waitFor();
    assert.equal(portIsUp('swp3'), true);
  }));

// After the talk: while Pinfold holds a port down, a second one of so small a switch is held by the guard rails (G5).
test('what waits is asked of the switch, approved by mouse, and seen on its way until the port is off', () =>
  as('anna', 'desk', async (page, faults) => {
    await open(page, '/approvals');
    const action = page.getByRole('article', { name: new RegExp(`of ${cases.waiting}$`) });
    await action.getByText('Would be written:').waitFor();
    await isSound(page, faults, 'an approval with its verdicts');
    await picture(page, 'approvals');
    assert.equal(portIsUp('swp4'), true);
    await action.getByRole('button', { name: 'Approve' }).click();
    await page.getByRole('dialog').getByLabel('Reason').fill('still scanning, the owner is silent');
    await page.getByRole('dialog').getByRole('button', { name: 'Approve' }).click();
    await page.getByRole('dialog').waitFor({ state: 'hidden' });
    await open(page, `/cases/${cases.waiting}`);
    await page.getByRole('article', { name: /^Action/ }).getByText('ifAdminStatus down', { exact: false }).first().waitFor();
    assert.equal(portIsUp('swp4'), false);
    await picture(page, 'steps');
  }));

test('a filter is saved as a view and found again by name', () =>
  as('bert', 'desk', async (page) => {
    await open(page, '/?severity=high');
    await page.getByRole('button', { name: 'Save this view' }).click();
    await page.getByRole('dialog').getByLabel('Name').fill('the worst');
    await page.getByRole('dialog').getByRole('button', { name: 'Save' }).click();
    await page.getByRole('dialog').waitFor({ state: 'hidden' });
    await open(page, '/');
    await page.getByRole('link', { name: 'the worst' }).click();
    await page.waitForURL(/severity=high/);
  }));

test('a report that no definition knew becomes a finding of a server', () =>
  as('bert', 'desk', async (page, faults) => {
    await open(page, '/triage');
    await page.getByRole('button', { name: 'Malicious activity from 192.0.2.20' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByText('our honeypot').waitFor();
    await dialog.getByLabel('Server').fill('srv-1010');
    await dialog.getByLabel('What was seen').selectOption('port_scan');
    await isSound(page, faults, 'a report');
    await dialog.getByRole('button', { name: 'Make a finding' }).click();
    await dialog.waitFor({ state: 'hidden' });
  }));

test('another policy is tried on the past before it is put in force', () =>
  as('anna', 'desk', async (page) => {
    await open(page, '/policies');
    await page.getByLabel('Policy file (TOML)').fill('[policy]\nwarnings = "armed"\nresponse_window = "banana"\n');
    await page.getByRole('button', { name: 'Check it' }).click();
    await page.getByRole('alert').getByText('response_window').first().waitFor();
    await page.getByLabel('Policy file (TOML)').fill('[policy]\nwarnings = "armed"\nresponse_window = "48 h"\n');
    await page.getByRole('button', { name: 'Replay the past' }).click();
    await page.getByText(/cases replayed/).first().waitFor();
    await picture(page, 'policies');
  }));

test('the kill switch is set and lifted with a reason', () =>
  as('ines', 'desk', async (page) => {
    await open(page, '/network');
    for (const [name, then] of [['Kill switch', 'Stopped: no port is switched off'], ['Lift the kill switch', 'Not stopped']]) {
      await page.getByRole('button', { name, exact: true }).click();
      await page.getByRole('dialog').getByLabel('Reason').fill('an exercise');
      await page.getByRole('dialog').getByRole('button', { name: 'Do it' }).click();
      await page.getByText(then).waitFor();
    }
  }));
