import type { InspectedKind, InspectedRow } from '../../src/model/inspection.ts';
import replica from '../fixtures/replica.json';
import replicaRows from '../fixtures/replica-rows.json';
import { createScriptedClient, type ScriptedClient } from './scripted-client.ts';

const captured: unknown = replicaRows.items;
const capturedRows = captured as readonly InspectedRow[];
const capturedKinds: unknown = replica.kinds;

export interface ReplicaStory {
  /** Default: the captured ones. */
  readonly rows?: readonly InspectedRow[];
  readonly kinds?: readonly InspectedKind[];
  /** A command that the engine refuses, and what it says. */
  readonly refuse?: string;
}

/** A live engine with the captured rows; it answers as the database does. */
export function createReplicaClient({
  rows = capturedRows,
  kinds = capturedKinds as readonly InspectedKind[],
  refuse,
}: ReplicaStory = {}): ScriptedClient {
  return createScriptedClient(replica, {
    run: () => {
      if (refuse !== undefined) throw new Error(refuse);
      return null;
    },
    answers: {
      kinds: () => kinds,
      rows: ({ offset = 0, limit = 100, text = '', only }) => {
        const found = rows.filter(
          ({ id, pending, quarantined }) =>
            id.startsWith(text) &&
            (only === undefined || (only === 'pending' ? pending > 0 : quarantined !== undefined)),
        );
        return { items: found.slice(offset, offset + limit), total: found.length, offset };
      },
      row: ({ id }) => rows.find((row) => row.id === id) ?? { id, pending: 0, conflict: false },
    },
  });
}

/** So many rows, by the captured ones. */
export const manyRows = (count: number): readonly InspectedRow[] =>
  Array.from({ length: count }, (_, index): InspectedRow => {
    const id = `row-${String(index).padStart(7, '0')}`;
    return { ...(capturedRows[index % capturedRows.length] ?? { pending: 0, conflict: false }), id };
  });
