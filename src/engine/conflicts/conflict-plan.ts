import type { SyncConfig } from '../../model/config.ts';
import type { Conflict, ConflictResolution, ConflictResolver } from '../../model/conflict.ts';
import type { JsonObject } from '../../model/values/json.ts';
import type { SyncKind } from '../../model/kind.ts';
import { deepEqual } from '../../rules/values/deep-equal.ts';
import { assertSafeKeys } from '../../rules/values/safe-keys.ts';

/** The action planned for one conflict. */
export type DecidedPlan =
  /** Local rows change; nothing is sent. */
  | { readonly type: 'apply'; readonly resolution: ConflictResolution }
  /** A request is sent. `data` null deletes; without `base`, none is sent. */
  | {
      readonly type: 'repush';
      readonly resolution: ConflictResolution;
      readonly data: JsonObject | null;
      readonly base: string | undefined;
      readonly version: string | undefined;
      /** The server timestamp on which the decision was based. */
      readonly expectedVersion: string;
      readonly force: boolean;
      readonly creates: boolean;
    }
  /**
   * Waits for RESOLVE_CONFLICT; with `nextRun` also for the next run, with `deferred` for an explicit run or another
   * server version.
   */
  | {
      readonly type: 'park';
      readonly reason: string;
      readonly nextRun: boolean;
      readonly countTry: boolean;
      readonly deferred?: boolean;
    };

/** The result of a strategy, which may need a resolver first. */
export type ConflictPlan = DecidedPlan | { readonly type: 'ask'; readonly resolver: ConflictResolver };

/** What a strategy may use. */
export interface StrategyContext {
  readonly conflict: Conflict;
  readonly kind: SyncKind | undefined;
  readonly config: SyncConfig;
  /** Server time minus local time, in ms. */
  readonly clockOffsetMs: number;
}

/** Waits until a person decides. */
export const awaitDecision = (reason: string): DecidedPlan => ({
  type: 'park',
  reason,
  nextRun: false,
  countTry: false,
});

/** Leaves the conflict unresolved until an explicit run or another server version. */
export const deferDecision = (reason: string): DecidedPlan => ({
  type: 'park',
  reason,
  nextRun: false,
  countTry: false,
  deferred: true,
});

interface How {
  readonly resolution: ConflictResolution;
  readonly force: boolean;
}

/** Resends the local side: the row, or the deletion. */
export const repushLocal = (context: StrategyContext, how: How): DecidedPlan =>
  repush(context, {
    ...how,
    data: context.conflict.opType === 'delete' ? null : toSend(context, context.conflict.localData),
  });

/**
 * Sends a decided row. A row that cannot be stored here is not sent, because it could not be pulled back (F-35). A row
 * that the server already has needs no request.
 */
export function repushMerged(context: StrategyContext, how: How, row: JsonObject): DecidedPlan {
  const { conflict, kind } = context;
  assertSafeKeys(row, 'the merged row');
  const complaint = strangerIn(context, row) ?? kind?.unstorable?.(row);
  if (complaint !== undefined)
    return deferDecision(
      `The merged row of ${conflict.kind}/${conflict.entityId} cannot be stored: ${complaint}; it was not sent`,
    );
  const data = toSend(context, row);
  if (!conflict.serverDeleted && conflict.opType === 'upsert' && isHeldBy(data, conflict.serverData))
    return { type: 'apply', resolution: how.resolution };
  return repush(context, { ...how, data });
}

/** Sends under a new key, conditionally on the version of the decision (F-31, F-32). */
function repush(
  { conflict }: StrategyContext,
  { resolution, force, data }: How & { readonly data: JsonObject | null },
): DecidedPlan {
  // A row that the server deleted is created again without base. A tombstone would refuse a create-only request. If no
  // tombstone was shown, the request must not overwrite a row that somebody else created meanwhile.
  const isGone = conflict.serverDeleted && Object.keys(conflict.serverData).length === 0;
  const unconditional = force || conflict.serverDeleted;
  return {
    type: 'repush',
    resolution,
    force,
    data,
    base: unconditional ? undefined : conflict.serverTimestamp || undefined,
    version: unconditional ? undefined : conflict.serverVersion,
    expectedVersion: conflict.serverTimestamp,
    creates: !force && isGone && data !== null,
  };
}

/** The row in wire form without the server's fields. If the server merges, only the fields that differ from its row. */
function toSend({ conflict, kind }: StrategyContext, row: JsonObject): JsonObject {
  const own = { ...row };
  if (kind === undefined) return own;
  delete own[kind.keys.updatedAt];
  if (kind.keys.deletedAt !== undefined) delete own[kind.keys.deletedAt];
  own[kind.keys.id] ??= conflict.localData[kind.keys.id] ?? conflict.serverData[kind.keys.id] ?? conflict.entityId;
  if (!kind.sendChangedFields || conflict.serverDeleted) return own;
  return Object.fromEntries(
    Object.entries(own).filter(
      ([key, value]) => key === kind.keys.id || !deepEqual(value, conflict.serverData[key] ?? null),
    ),
  );
}

const isHeldBy = (data: JsonObject, server: JsonObject): boolean =>
  Object.entries(data).every(([key, value]) => deepEqual(value, server[key] ?? null));

function strangerIn({ conflict, kind }: StrategyContext, row: JsonObject): string | undefined {
  const id = kind?.readId(row);
  return id === undefined || id === conflict.entityId ? undefined : `it carries the id '${id}'`;
}
