import type { JsonObject } from '../../model/values/json.ts';
import { upsertOp } from '../../model/operation.ts';
import { claims, layPayloads } from '../../rules/pending/lay-payloads.ts';
import { enqueueOp } from '../outbox/enqueue.ts';
import { waitingForCode } from '../outbox/error-codes.ts';
import { markAsWaitingFor, stopWaiting } from '../outbox/transitions/wait-for.ts';
import { replacePayload } from '../outbox/transitions/contents.ts';
import { OutboxState } from '../database/outbox-columns.ts';
import type { ReferenceRing, RingMember } from './reference-rings.ts';
import { referencesOf, type Reference } from '../tables/references.ts';
import type { Session } from '../sql/session.ts';
import { nameOf } from './waiting-rings.ts';

/**
 * Opens a ring of creations that a server with foreign keys could not accept in any order. Creates the oldest row with
 * a nullable reference without it, and adds the reference with an edit behind its other operations (F-160). The local
 * row keeps the reference. Returns whether there is such a row.
 */
export async function openRing(session: Session, ring: ReferenceRing, now: number): Promise<boolean> {
  const members = ring.map((member, index) => ({ member, next: ring[(index + 1) % ring.length] ?? member }));
  for (const { member, next } of [...members].sort(
    (a, b) => (a.member.queue[0]?.seq ?? 0) - (b.member.queue[0]?.seq ?? 0),
  )) {
    const keys = detachableKeys(member, next);
    if (keys.length === 0) continue;
    await splitCreation(session, member, keys, next, now);
    return true;
  }
  return false;
}

/**
 * The wire keys by which the creation references the other row. Empty if one of them is mandatory, or if the creation
 * is in flight or unreadable.
 */
function detachableKeys({ table, first, payload }: RingMember, next: RingMember): readonly string[] {
  const isPlain =
    first[0]?.creates === true &&
    first.every(
      (op) => op.requestId === undefined && op.damaged === undefined && op.schemaVersion === table.schema.version,
    );
  if (!isPlain) return [];
  const keys = Object.keys(payload).filter((key) =>
    referencesOf(table, { [key]: payload[key] ?? null }).some(({ kind, id }) => kind === next.kind && id === next.id),
  );
  const isNullable = (key: string): boolean =>
    table.codecs.some(({ wireKey, column }) => wireKey === key && column.isNullable);
  return keys.every(isNullable) ? keys : [];
}

async function splitCreation(
  session: Session,
  member: RingMember,
  keys: readonly string[],
  next: Reference,
  now: number,
): Promise<void> {
  const { kind, id, table, queue, first } = member;
  const without = Object.fromEntries(keys.map((key) => [key, null]));
  for (const { seq, type, payload } of first)
    if (type === 'upsert') await replacePayload(session, seq, JSON.stringify({ ...payload, ...without }));
  const [head] = first;
  if (head?.errorCode === waitingForCode && head.state === OutboxState.waiting) await stopWaiting(session, head.seq);
  const later = queue.slice(first.length);
  const left = later.some(({ type }) => type === 'delete')
    ? []
    : keys.filter((key) => !later.some((op) => claims(op, key)));
  if (left.length === 0) return;
  const payload: JsonObject = layPayloads(queue);
  const localTimestamp = queue.at(-1)?.localTimestamp ?? '';
  const op = upsertOp({ kind, id, localTimestamp, payload, changedFields: left, creates: false });
  await enqueueOp(session, op, table, { row: undefined, version: undefined }, now);
  // The mark prevents the edit from folding back into the creation.
  await markAsWaitingFor(session, op.opId, nameOf(next));
}

/** Names the rows of a ring that cannot be opened, and the remedy. */
export const describeRing = (ring: readonly Reference[]): string =>
  `${ring.map(nameOf).join(' and ')} refer to each other through NOT NULL columns, so a server that checks references accepts none of them first. Make one of the columns nullable, here and on the server`;
