import { expect, test } from 'vitest';
import { settingsPage } from './settings-page.ts';

test('docs: the settings are those that the lists of options check (after a change: npm run docs:settings)', async () => {
  await expect(settingsPage()).toMatchFileSnapshot('../../docs/settings.md');
});
