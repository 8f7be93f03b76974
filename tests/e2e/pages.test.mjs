// Run by pages_test.sh. Every page, as it looks: nothing that axe, the content policy or the window's width has to say; and its picture.
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { as as actAs, callApi, isSound, launch, open, picture } from './browser.mjs';
import { adminPages, customerPages, staffPages } from './page-list.mjs';

let browser;
before(async () => {
  browser = await launch();
});
after(() => browser?.close());
const as = actAs(() => browser);

const looks = ['desk', 'dark', 'phone'];
for (const [side, login, pages, first] of [
  ['the staff', 'anna', staffPages],
  ['an administrator', 'olga', adminPages, fillAccounts],
  ['a customer', 'carla', customerPages],
]) {
  for (const look of looks) {
    test(`every page of ${side} is sound: ${look}`, () =>
      as(login, look, async (page, faults) => {
        await (look === looks[0] && first?.(page));
        for (const [path, name] of pages) {
          await open(page, path);
          assert.equal(await page.getByRole('heading', { name: 'There is no such page' }).count(), 0, path);
          await picture(page, look === 'desk' ? name : `${name}-${look}`);
          await isSound(page, faults, `${name} (${look})`);
        }
      }));
  }
}

/** Something to be seen on the pages of accounts. */
async function fillAccounts(page) {
  await open(page, '/');
  await callApi(page, 'POST', '/v1/webhooks', { url: 'https://hooks.hosting.example/pinfold' });
}
