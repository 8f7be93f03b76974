// Run by pages_test.sh. Every page, as it looks: nothing that axe, the content policy or the window's width has to say; and its picture.
import { after, before, test } from 'node:test';
import { as as actAs, isSound, launch, open, picture } from './browser.mjs';
import { customerPages, staffPages } from './page-list.mjs';

let browser;
before(async () => {
  browser = await launch();
});
after(() => browser?.close());
const as = actAs(() => browser);

for (const look of ['desk', 'dark', 'phone']) {
  test(`every page of the staff is sound: ${look}`, () =>
    as('anna', look, async (page, faults) => {
      for (const [path, name] of staffPages) {
        await open(page, path);
        await picture(page, look === 'desk' ? name : `${name}-${look}`);
        await isSound(page, faults, `${name} (${look})`);
      }
    }));
}

for (const look of ['desk', 'dark', 'phone']) {
  test(`every page of a customer is sound: ${look}`, () =>
    as('carla', look, async (page, faults) => {
      for (const [path, name] of customerPages) {
        await open(page, path);
        await picture(page, look === 'desk' ? name : `${name}-${look}`);
        await isSound(page, faults, `${name} (${look})`);
      }
    }));
}
