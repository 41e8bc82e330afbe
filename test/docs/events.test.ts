import { expect, test } from 'vitest';
import { eventsPage } from './events-page.ts';

test('docs: the page lists the event types with their docstrings (after a change: npm run docs:events)', async () => {
  await expect(eventsPage()).toMatchFileSnapshot('../../docs/events.md');
});
