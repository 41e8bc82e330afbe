import { expect, test } from 'vitest';
import { settingsPage } from './settings-page.ts';

test('docs: the settings match the checked option lists (after a change: npm run docs:settings)', async () => {
  await expect(settingsPage()).toMatchFileSnapshot('../../docs/settings.md');
});
