import { expect, test } from 'vitest';
import { eventsPage } from './events-page.ts';

test('docs: the events are those of the types, each with its docstring (after a change: npm run docs:events)', async () => {
  await expect(eventsPage()).toMatchFileSnapshot('../../docs/events.md');
});
