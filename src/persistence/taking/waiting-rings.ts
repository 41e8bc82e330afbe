import { OutboxState } from '../database/outbox-columns.ts';
import { waitingForCode } from '../outbox/error-codes.ts';
import type { StoredOp } from '../outbox/outbox-rows.ts';
import { referencesOf, type Reference } from '../tables/references.ts';
import { listOf, type Session } from '../sql/session.ts';
import type { StoreContext } from '../database/store-context.ts';

/** A head of line that waits for another row. */
export interface Waiting extends Reference {
  readonly seq: number;
  readonly waitsFor: string;
}

export const nameOf = ({ kind, id }: Reference): string => `${kind}/${id}`;

/**
 * Finds rings among heads that wait for each other, for any reasons and of any length. `held` are heads that begin to
 * wait now. A ring would never leave by itself. Returns each ring, its oldest operation first (I12).
 */
export async function waitingRings(
  session: Session,
  context: StoreContext,
  held: readonly Waiting[],
): Promise<readonly (readonly Waiting[])[]> {
  const waiting = new Map(held.map((head) => [nameOf(head), head]));
  for (let unknown = targetsOf(context, held, waiting); unknown.length > 0; ) {
    const found = await waitingAmong(session, unknown);
    for (const head of found) waiting.set(nameOf(head), head);
    unknown = targetsOf(context, found, waiting);
  }
  const rings: (readonly Waiting[])[] = [];
  const visited = new Set<string>();
  for (const start of held) {
    const path: string[] = [];
    let name: string | undefined = nameOf(start);
    while (name !== undefined && waiting.has(name) && !visited.has(name)) {
      visited.add(name);
      path.push(name);
      name = waiting.get(name)?.waitsFor;
    }
    const from = name === undefined ? -1 : path.indexOf(name);
    if (from === -1) continue;
    rings.push(
      path
        .slice(from)
        .flatMap((member) => waiting.get(member) ?? [])
        .sort((a, b) => a.seq - b.seq),
    );
  }
  return rings;
}

/** The targets of these operations that were not read yet. */
function targetsOf(
  context: StoreContext,
  heads: readonly Waiting[],
  known: ReadonlyMap<string, Waiting>,
): readonly Reference[] {
  const names = new Set(heads.map(({ waitsFor }) => waitsFor).filter((name) => !known.has(name)));
  return [...names].flatMap((name) =>
    [...context.registry.keys()]
      .filter((kind) => name.startsWith(`${kind}/`))
      .map((kind) => ({ kind, id: name.slice(kind.length + 1) })),
  );
}

async function waitingAmong(session: Session, references: readonly Reference[]): Promise<readonly Waiting[]> {
  const found: Waiting[] = [];
  for (const kind of new Set(references.map((reference) => reference.kind))) {
    const ids = references.filter((reference) => reference.kind === kind).map(({ id }) => id);
    const rows = await session.query<{ id: string; seq: number | string; waitsFor: string }>(
      `SELECT "entity_id" AS "id", "seq", "last_error" AS "waitsFor" FROM "sync_outbox"
       WHERE "kind" = ? AND ${session.dialect.inList('"entity_id"')} AND "state" = ${OutboxState.waiting} AND "error_code" = ?`,
      [kind, listOf(ids), waitingForCode],
    );
    found.push(...rows.map(({ id, seq, waitsFor }) => ({ kind, id, seq: Number(seq), waitsFor })));
  }
  return found;
}

/**
 * Finds rings of creations that could not be opened, among all operations in outbox order: the others wait for the
 * oldest, which references one of them. Returns the rows of the ring, by the `seq` of each member's first operation.
 */
export function closedRings(context: StoreContext, ops: readonly StoredOp[]): ReadonlyMap<number, readonly string[]> {
  const heads = new Map<string, StoredOp>();
  for (const op of ops) {
    const name = nameOf({ kind: op.kind, id: op.entityId });
    if (!heads.has(name)) heads.set(name, op);
  }
  const targetOf = (name: string): string | undefined => {
    const head = heads.get(name);
    return head?.state === OutboxState.waiting && head.errorCode === waitingForCode ? head.lastError : undefined;
  };
  const found = new Map<number, readonly string[]>();
  for (const [name, oldest] of heads) {
    const table = oldest.creates && targetOf(name) === undefined ? context.registry.get(oldest.kind) : undefined;
    for (const reference of table === undefined ? [] : referencesOf(table, oldest.payload)) {
      const path = new Set<string>();
      for (
        let next: string | undefined = nameOf(reference);
        next !== undefined && next !== name && !path.has(next);
        next = targetOf(next)
      )
        path.add(next);
      const members = [name, ...path].flatMap((member) => heads.get(member) ?? []).sort((a, b) => a.seq - b.seq);
      if (path.size === 0 || targetOf([...path].at(-1) ?? '') !== name) continue;
      const names = members.map(({ kind, entityId }) => nameOf({ kind, id: entityId }));
      for (const { seq } of members) found.set(seq, names);
    }
  }
  return found;
}
