import { expect, test } from 'vitest';
import {
  childrenOf,
  commands as known,
  decided,
  held,
  hydrated,
  outcome,
  places,
  plan,
  record,
  report,
  settledWith,
  storeFailed,
  taken,
  unavailable,
  type Script,
} from './chart-script.ts';

/** Asked by somebody else than the one who waits for the run already. */
const commands = known.map((event) => (event.type === 'SYNC' && !event.automatic ? { ...event, waiter: 'w2' } : event));
const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);
const nameOf = (event: (typeof commands)[number]): string =>
  event.type === 'SYNC' && event.automatic ? 'SYNC automatic' : event.type;

/**
 * What an event did, as the table spells it: the new place (`.` where nothing moved), what became of the work, and what
 * was told.
 */
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

const usual: Readonly<Record<string, unknown>> = {
  hydrate: hydrated(),
  acquireLease: held,
  planRun: plan(),
  takeBatch: taken,
  sendBatch: report,
  settleBatch: settledWith(),
  decideConflict: decided('apply'),
  applyDecision: outcome('resolved'),
  repushDecision: outcome('resolved'),
  sweepResync: { facts: [] },
  finishRun: record(),
};
/** How an actor may end, as far as every place tells apart: with its usual answer, and with two kinds of failure. */
const endings = (reach: () => Script): readonly { readonly name: string; readonly end: (script: Script) => Script }[] =>
  childrenOf(reach().snapshot)
    .map(({ src }) => String(src))
    .toSorted()
    .flatMap((src) => [
      { name: `done ${src}`, end: (script) => script.done(src, usual[src]) },
      { name: `network error ${src}`, end: (script) => script.fail(src, unavailable) },
      { name: `database error ${src}`, end: (script) => script.fail(src, storeFailed) },
    ]);

/**
 * One block per place: what each command and fact does, and each ending of an actor that works there. Events that
 * change nothing are named last.
 */
const table = (): string =>
  Object.entries(places)
    .map(([name, reach]) => {
      const ignored: string[] = [];
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
        if (effect === '.') ignored.push(nameOf(event));
        return effect === '.' ? [] : [`  ${nameOf(event).padEnd(17)} ${effect}`];
      });
      const ends = endings(reach).map(({ name: ending, end }) => `  ${ending}: ${effectOf(reach(), end(reach()))}`);
      return [name, ...lines, ...ends, ...(ignored.length === 0 ? [] : [`  ignored: ${ignored.join(', ')}`])].join(
        '\n',
      );
    })
    .join('\n\n');

test('I1, I9, I12: every state responds to every command, fact and actor result as the table says', async () => {
  await expect(`${table()}\n`).toMatchFileSnapshot('transition-table.txt');
});
