// Run by pages_test.sh. The page behind the link of a notice: on the smallest phone, with scripts switched off, in a browser that knows only text, without a
// log-in.
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
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
const links = new Map();
async function linkOf(id) {
  let link = links.get(id) ?? '';
  if (link) {
    return link;
  }
  await as('bert', 'desk', async (page) => {
    await open(page, '/');
    const letter = await callApi(page, 'GET', `/v1/cases/${id}/notices/1`);
    link = letter.text.split(/\s/).find((word) => word.startsWith(`${answers}/c/`)) ?? '';
  });
  assert.ok(link, `no link in the letter of ${id}`);
  links.set(id, link);
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

/** Lynx on 80 columns. With keys (its own names of them, as it records them), it is steered by them until they end in Q. */
function lynx(link, keys) {
  const how = ['-dump', '-nolist'];
  if (keys) {
    const script = join(process.env.FOLDER, 'keys');
    writeFileSync(script, keys.map((key) => `key ${key}\n`).join(''));
    how.splice(0, 2, '-term=vt100', `-cmd_script=${script}`);
  }
  const env = { ...process.env, TERM: 'vt100', COLUMNS: '80', LINES: '50', LANG: 'C.UTF-8', LC_ALL: 'C.UTF-8' };
  return execFileSync('lynx', [...how, '-nocolor', '-delay=0', '-width=80', '-display_charset=utf-8', link], { encoding: 'utf8', env, stdio: ['ignore', 'pipe', 'inherit'], timeout: 30_000 });
}

test('a browser of text alone shows the state, the deadline and the answers, a line each', async () => {
  const text = lynx(await linkOf(cases.promised));
  for (const line of [/^ *Your server srv-1020 .+$/m, /^ *What we saw$/m, /^ *destinations$/m, /\+49 30 1234567/]) {
    assert.match(text, line);
  }
  const waiting = lynx(await linkOf(cases.phishing));
  for (const line of [
    /^ *Your server srv-1001 We are waiting for your answer$/m,
    /^ *Answer by \d{4}-\d\d-\d\d \d\d:\d\d UTC time left: \d+ h/m,
    /switched off/,
    /^ *\([ *]\) We are looking into it$/m,
    /^ *\( \) It is fixed: we found the cause and closed it$/m,
    /^ *\( \) This traffic is intended$/m,
    /^ *\( \) This server is not ours$/m,
    /^ *Done by .*_{5,}$/m,
    /^ *\(BUTTON\) Send the answer$/m,
  ]) {
    assert.match(waiting, line);
  }
});

test('an answer is given from it, by arrow keys and return', async () => {
  const link = await linkOf(cases.silent);
  assert.deepEqual(await answersOf(cases.silent), []);
  const words = 'wordpress is updated';
  const down = (times) => Array(times).fill('Down Arrow');
  lynx(link, [
    ...down(1), // to the second answer
    'Right Arrow',
    ...down(4), // over the other two and the date
    ...[...words].map((letter) => (letter === ' ' ? '<space>' : letter)),
    ...down(4), // out of a field of four lines
    'Right Arrow',
    'Q',
  ]);
  const given = await answersOf(cases.silent);
  assert.equal(given.length, 1, JSON.stringify(given));
  assert.deepEqual([given[0].statement, given[0].text.trim(), given[0].channel], ['fixed', words, 'signed_link']);
  assert.match(lynx(link), /wordpress is updated/);
});
