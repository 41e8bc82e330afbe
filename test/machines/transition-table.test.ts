import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { commands as known, places, type Script } from './chart-script.ts';

/** Asked by somebody else than the one who waits for the run already. */
const commands = known.map((event) => (event.type === 'SYNC' && !event.automatic ? { ...event, waiter: 'w2' } : event));
const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);
const nameOf = (event: (typeof commands)[number]): string => (event.type === 'SYNC' && event.automatic ? 'SYNC automatic' : event.type);

/** What an event did, as the table spells it: the new place (`.` where nothing moved), what became of the work, and what was told. */
function effectOf(before: Script, after: Script): string {
  const work = [
    same(after.context.next, before.context.next) ? '' : after.context.next === undefined ? '-next' : '+next',
    same(after.context.run, before.context.run)
      ? ''
      : after.context.run === undefined
        ? '-run'
        : before.context.run === undefined || after.context.run.id !== before.context.run.id
          ? '+run'
          : '~run',
  ].filter((word) => word !== '');
  const told = after.told.length === 0 ? [] : [`tells ${after.told.join(', ')}`];
  const restarted = after.place === before.place && after.actions.includes('xstate.spawnChild') ? ' again' : '';
  return [`${after.place === before.place ? '.' : after.place}${restarted}`, ...work, ...told].join(' | ');
}

/** One block per place; events that change nothing are left out. */
const table = (): string =>
  Object.entries(places)
    .map(([name, reach]) => {
      const lines = commands.flatMap((event) => {
        const before = reach();
        const after = before.send(event);
        const regions = (['network', 'session'] as const).flatMap((region) => {
          const value = (after.snapshot.value as Record<string, unknown>)[region];
          return same(value, (before.snapshot.value as Record<string, unknown>)[region]) || value === 'closed'
            ? []
            : [`${region}: ${JSON.stringify(value).replaceAll('"', '')}`];
        });
        const effect = [effectOf(before, after), ...regions].join(' | ');
        return effect === '.' ? [] : [`  ${nameOf(event).padEnd(17)} ${effect}`];
      });
      return [name, ...lines].join('\n');
    })
    .join('\n\n');

test('I1, I9, I12: every place answers every command and fact as the table says', () => {
  expect(`${table()}\n`).toBe(readFileSync(new URL('transition-table.txt', import.meta.url), 'utf8'));
});
