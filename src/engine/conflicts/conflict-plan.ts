import type { SyncConfig } from '../../model/config.ts';
import type { Conflict, ConflictResolution, ConflictResolver } from '../../model/conflict.ts';
import type { JsonObject } from '../../model/values/json.ts';
import type { SyncKind } from '../../model/kind.ts';
import { deepEqual } from '../../rules/values/deep-equal.ts';
import { assertSafeKeys } from '../../rules/values/safe-keys.ts';

/** What is to be done with one conflict, before anything is done. */
export type DecidedPlan =
  /** Local rows change, nothing is sent. */
  | { readonly type: 'apply'; readonly resolution: ConflictResolution }
  /** A request goes out: `data` null deletes, `base` absent sends none. */
  | {
      readonly type: 'repush';
      readonly resolution: ConflictResolution;
      readonly data: JsonObject | null;
      readonly base: string | undefined;
      readonly version: string | undefined;
      /** The server timestamp that the decision was made on. */
      readonly expectedVersion: string;
      readonly force: boolean;
      readonly creates: boolean;
    }
  /**
   * Waits: for RESOLVE_CONFLICT, with `nextRun` also for the next run, with `deferred` for an explicit run or another
   * server version.
   */
  | {
      readonly type: 'park';
      readonly reason: string;
      readonly nextRun: boolean;
      readonly countTry: boolean;
      readonly deferred?: boolean;
    };

/** As a strategy gives it: a resolver may have to be asked first. */
export type ConflictPlan = DecidedPlan | { readonly type: 'ask'; readonly resolver: ConflictResolver };

/** What a strategy may look at. */
export interface StrategyContext {
  readonly conflict: Conflict;
  readonly kind: SyncKind | undefined;
  readonly config: SyncConfig;
  /** Server time minus local time. */
  readonly clockOffsetMs: number;
}

/** Waits until a person decides. */
export const awaitDecision = (reason: string): DecidedPlan => ({
  type: 'park',
  reason,
  nextRun: false,
  countTry: false,
});

/** Unresolved for now: looked at again in an explicit run, or when the server has another version. */
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

/** Sends the local side again: the row, or the deletion. */
export const repushLocal = (context: StrategyContext, how: How): DecidedPlan =>
  repush(context, {
    ...how,
    data: context.conflict.opType === 'delete' ? null : toSend(context, context.conflict.localData),
  });

/**
 * Sends a decided row. A row that could not be stored here is not sent, since it could not be taken back (F-35); one
 * that the server has already needs no request.
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

/** Sends conditionally on the version it was decided on, under a new key (F-31, F-32). */
function repush(
  { conflict }: StrategyContext,
  { resolution, force, data }: How & { readonly data: JsonObject | null },
): DecidedPlan {
  // What the server deleted is created again without base. A tombstone would refuse a create-only request; where none
  // was shown, somebody who created the row meanwhile must not be overwritten.
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

/** The row as it travels: without what belongs to the server; where a server merges, only what differs from its row. */
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
