/**
 * The server knows a rule that the device does not. Its reasons appear at the fields of a form; the user repairs the
 * very same change.
 */
import { syncErrorInfo, syncTable } from 'synchart';
import { syncColumns, type SyncedRow } from 'synchart/persistence';
import type { ServerWrite, WriteRefusal } from 'synchart/server';
import { EntitySchema } from 'typeorm';
import { fresh, openScene, runIfMain, type Log } from './setup.ts';

interface Booking extends SyncedRow {
  id: string;
  guests: number;
  day: string;
}

const Booking = new EntitySchema<Booking>({
  name: 'bookings',
  columns: { id: { type: 'text', primary: true }, guests: { type: 'integer' }, day: { type: 'text' }, ...syncColumns },
});
const bookings = syncTable(Booking);

/**
 * Server: asked before every write, forced ones too. It sees the row that is stored and the fields that would be merged
 * into it.
 */
function houseRules({ type, payload, current }: ServerWrite<{ userId: string }>): WriteRefusal | undefined {
  if (type === 'delete') return undefined;
  const booking = { ...current, ...payload };
  const fields: Record<string, string> = {};
  if (Number(booking['guests']) > 8) fields['guests'] = 'the table has 8 seats';
  if (booking['day'] === 'monday') fields['day'] = 'we are closed on Mondays';
  if (Object.keys(fields).length === 0) return undefined;
  return { code: 'house_rules', message: 'This booking is not possible.', fields };
}

export async function run(log: Log) {
  const scene = await openScene({ entities: [Booking], beforeWrite: houseRules });
  try {
    // 1: the first refusal is shown at once; the default tries again in five runs, for rules that may change by
    // themselves.
    const ann = await scene.device({ tables: [bookings], config: { maxOutboxTryCount: 1 } });
    const form = new Map<string, Readonly<Record<string, string>>>();
    ann.engine.events$.subscribe((event) => {
      if (event.type === 'op.failed') form.set(event.opId, syncErrorInfo(event.error).fields ?? {});
      if (event.type === 'op.pushed') form.delete(event.opId);
    });

    await ann.engine.writer(bookings).insertAndEnqueue({ id: 'party', guests: 12, day: 'monday', ...fresh });
    await ann.engine.writer(bookings).insertAndEnqueue({ id: 'lunch', guests: 2, day: 'friday', ...fresh });
    log('Ann books a party for 12 on Monday and a lunch for 2, offline. Both are on her screen. She syncs');
    const { pushed } = await ann.engine.sync();
    log(`     sent: ${pushed}; the lunch did not wait for the party`);

    const [stuck] = await ann.engine.getStuckOperations();
    const opId = stuck?.opId ?? '';
    const errors = form.get(opId) ?? {};
    log(`The form of ${stuck?.entityId ?? ''} shows:`);
    for (const [field, reason] of Object.entries(errors)) log(`     ${field}: ${reason}`);
    log(`     after a restart, too: ${(await ann.engine.explain())[0]?.lastError ?? ''}`);

    await ann.engine.amend(opId, { guests: 8, day: 'tuesday' });
    await ann.engine.sync();
    const repaired = await scene.onServer(Booking, 'party');
    log(`She corrects it. The same operation goes again, and the server has: ${repaired.guests} on ${repaired.day}`);

    await ann.edit(bookings, 'party', { guests: 9 });
    await ann.engine.sync();
    await ann.engine.dropStuckOperations();
    const { guests } = await ann.find(bookings, 'party');
    const [lost] = await ann.engine.discarded();
    log(
      `She wants 9, is refused, and gives up: her row says ${guests} again; kept for an undo: ${JSON.stringify(lost?.data['guests'])}`,
    );
    return { errors, pushed, repaired, guests, lost, left: await ann.engine.explain() };
  } finally {
    await scene.close();
  }
}

await runIfMain(import.meta.url, run);
