import { OutboxState } from './entities.ts';
import type { Reference } from './references.ts';
import { listOf, type Session } from './session.ts';
import type { StoreContext } from './store-context.ts';

/** A head of line that waits for another row. */
export interface Waiting extends Reference {
  readonly seq: number;
  readonly waitsFor: string;
}

export const nameOf = ({ kind, id }: Reference): string => `${kind}/${id}`;

/**
 * Finds rings among heads that wait for each other, over however many rows and reasons; `held` are those that begin to wait now. Nothing of a ring would
 * ever leave. Returns each ring, its oldest operation first (I12).
 */
export async function waitingRings(session: Session, context: StoreContext, held: readonly Waiting[], code: string): Promise<readonly (readonly Waiting[])[]> {
  const waiting = new Map(held.map((head) => [nameOf(head), head]));
  for (let unknown = targetsOf(context, held, waiting); unknown.length > 0; ) {
    const found = await waitingAmong(session, unknown, code);
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
        .toSorted((a, b) => a.seq - b.seq),
    );
  }
  return rings;
}

/** What these wait for and nobody has looked at yet. */
function targetsOf(context: StoreContext, heads: readonly Waiting[], known: ReadonlyMap<string, Waiting>): readonly Reference[] {
  const names = new Set(heads.map(({ waitsFor }) => waitsFor).filter((name) => !known.has(name)));
  return [...names].flatMap((name) =>
    [...context.registry.keys()].filter((kind) => name.startsWith(`${kind}/`)).map((kind) => ({ kind, id: name.slice(kind.length + 1) })),
  );
}

async function waitingAmong(session: Session, references: readonly Reference[], code: string): Promise<readonly Waiting[]> {
  const found: Waiting[] = [];
  for (const kind of new Set(references.map((reference) => reference.kind))) {
    const ids = references.filter((reference) => reference.kind === kind).map(({ id }) => id);
    const rows = await session.query<{ id: string; seq: number | string; waitsFor: string }>(
      `SELECT "entity_id" AS "id", "seq", "last_error" AS "waitsFor" FROM "sync_outbox"
       WHERE "kind" = ? AND ${session.dialect.inList('"entity_id"')} AND "state" = ${OutboxState.waiting} AND "error_code" = ?`,
      [kind, listOf(ids), code],
    );
    found.push(...rows.map(({ id, seq, waitsFor }) => ({ kind, id, seq: Number(seq), waitsFor })));
  }
  return found;
}
