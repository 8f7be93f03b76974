// Run by pages_test.sh. The page behind the link of a notice: on the smallest phone, with scripts switched off, without a log-in.
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { answers, as as actAs, callApi, cases, isSound, launch, open, picture, visit } from './browser.mjs';

let browser;
before(async () => {
  browser = await launch();
});
after(() => browser?.close());
const as = actAs(() => browser);

/** The link as it stands in the letter; staff may read the letter. */
async function linkOf(id) {
  let link = '';
  await as('bert', 'desk', async (page) => {
    await open(page, '/');
    const letter = await callApi(page, 'GET', `/v1/cases/${id}/notices/1`);
    link = letter.text.split(/\s/).find((word) => word.startsWith(`${answers}/c/`)) ?? '';
  });
  assert.ok(link, `no link in the letter of ${id}`);
  return link;
}
const answersOf = async (id) => {
  let given = [];
  await as('bert', 'desk', async (page) => {
    await open(page, '/');
    given = (await callApi(page, 'GET', `/v1/cases/${id}`)).answers;
  });
  return given;
};

for (const look of ['narrow', 'narrowDark']) {
  test(`the whole story stands on the page, without a script, 320 px wide: ${look}`, async () => {
    const link = await linkOf(cases.phishing);
    const { page, context } = await visit(browser, look, { javaScriptEnabled: false });
    await page.goto(link);
    const text = await page.locator('body').innerText();
    for (const part of [/srv-1001/, /Answer by \d{4}-\d\d-\d\d \d\d:\d\d UTC/, /time left/, /switched off/, /bank passwords/, /First seen/, /\+49 30 1234567/]) {
      assert.match(text, part);
    }
    assert.equal(await page.getByRole('radio').count(), 4);
    await picture(page, look === 'narrow' ? 'link' : 'link-dark');
    await context.close();
    // axe is a script: it looks at the same page where scripts may run, though the page has none.
    const judge = await visit(browser, look);
    await judge.page.goto(link);
    await isSound(judge.page, judge.faults, 'the link');
    await judge.context.close();
  });
}

test('opening the link does nothing; answering by keyboard counts, once', async () => {
  const link = await linkOf(cases.malware);
  const { page, context } = await visit(browser, 'narrow', { javaScriptEnabled: false });
  await page.goto(link);
  await page.goto(link);
  assert.deepEqual(await answersOf(cases.malware), []);
  await page.getByRole('radio').first().focus();
  await page.keyboard.press('Space');
  await page.getByRole('textbox', { name: /What you found|Was Sie/ }).fill('we took the file offline');
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await page.getByText('we took the file offline').waitFor();
  const given = await answersOf(cases.malware);
  assert.equal(given.length, 1);
  assert.equal(given[0].channel, 'signed_link');
  assert.match(given[0].text, /we took the file offline/);
  await context.close();
});

test('a link that was tampered with shows nothing', async () => {
  const link = await linkOf(cases.waiting);
  const { page, context } = await visit(browser, 'narrow', { javaScriptEnabled: false });
  const response = await page.goto(`${link.slice(0, -2)}xx`);
  assert.ok(response.status() >= 400, String(response.status()));
  assert.ok(!(await page.locator('body').innerText()).includes('srv-1010'));
  await context.close();
});
