import type { SyncFact } from '../../model/events.ts';
import type { TakenRequest } from '../../model/ports.ts';
import type { ConflictRef } from '../../model/run.ts';
import type { StoreContext } from '../database/store-context.ts';
import type { StoredOp } from '../outbox/outbox-rows.ts';
import type { Session } from '../sql/session.ts';
import type { EntityChanges } from './entity-changes.ts';

/** The counts and facts of a batch of answers, in the order of the answers. */
export interface Tally {
  pushed: number;
  errors: number;
  readonly conflicts: ConflictRef[];
  readonly facts: SyncFact[];
}

/** One answer during settling. */
export interface Settling {
  readonly session: Session;
  readonly context: StoreContext;
  /** The transaction's changes to the entities of this kind. */
  readonly changes: EntityChanges;
  readonly request: TakenRequest;
  /** The queued operations that the request covers, oldest first; at least one. */
  readonly group: readonly StoredOp[];
  readonly tally: Tally;
}

/** Counts and reports operations that the server applied. */
export function tellPushed(group: readonly StoredOp[], tally: Tally): void {
  tally.pushed += group.length;
  for (const { opId, kind, entityId, type } of group)
    tally.facts.push({ type: 'op.pushed', opId, kind, entityId, operationType: type });
}
