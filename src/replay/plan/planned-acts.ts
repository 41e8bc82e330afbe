import type { Bundle } from '../../devtools/protocol/bundle.ts';
import type { LogEntry, RequestEntry, TransitionEntry } from '../../devtools/protocol/log-entry.ts';
import type { ConflictResolution } from '../../model/conflict.ts';
import { isJsonObject, type Json, type JsonObject } from '../../model/values/json.ts';
import type { KnownOperation } from './known-operations.ts';

/** An external event: an edit, a command, the network. The engine does everything else itself. */
export type PlannedAct = { readonly at: number } & (
  | { readonly type: 'write'; readonly operation: KnownOperation }
  | {
      readonly type: 'sync';
      readonly pushKinds?: readonly string[] | undefined;
      readonly pullKinds?: readonly string[] | undefined;
      readonly automatic: boolean;
    }
  | { readonly type: 'fullResync'; readonly kinds?: readonly string[] | undefined }
  | { readonly type: 'remoteChanged'; readonly kinds?: readonly string[] | undefined }
  | { readonly type: 'pause' | 'resume' | 'signedIn' }
  | { readonly type: 'online' | 'offline' }
  | { readonly type: 'retry' | 'drop'; readonly opIds: readonly string[] }
  | { readonly type: 'decide'; readonly opId: string; readonly resolution: ConflictResolution }
);

export interface ActParts {
  readonly bundle: Bundle;
  readonly entries: readonly LogEntry[];
  readonly calls: readonly RequestEntry[];
  readonly operations: readonly KnownOperation[];
  readonly startAt: number;
}

interface Placed {
  readonly act: PlannedAct;
  /** Number of the corresponding entry; orders acts at equal times. */
  readonly place: number;
}

/** The external events of a recording, in order. */
export function plannedActs({ bundle, entries, calls, operations, startAt }: ActParts): readonly PlannedAct[] {
  const placed = entries.flatMap((entry): readonly Placed[] =>
    actsOf(entry, entries, bundle).map((act) => ({ act, place: entry.id })),
  );
  const runs = placed.filter(({ act }) => act.type === 'sync' || act.type === 'fullResync' || act.type === 'resume');
  const writes = operations
    .filter(({ isEarlier }) => !isEarlier)
    .map(
      (operation): Placed => ({
        act: { at: Math.max(operation.enqueuedAt, startAt), type: 'write', operation },
        place: placeOf(operation, runs),
      }),
    );
  const retries = silentRetries(operations, calls, entries, placed);
  return [...writes, ...retries, ...placed]
    .map((item, index) => ({ ...item, index }))
    .sort((a, b) => a.act.at - b.act.at || a.place - b.place || a.index - b.index)
    .map(({ act }) => act);
}

/** At equal times, a write precedes the run that sent it and follows those that did not. */
function placeOf({ enqueuedAt, firstCall }: KnownOperation, runs: readonly Placed[]): number {
  const same = runs.filter(
    ({ act, place }) => act.at === enqueuedAt && (firstCall === undefined || place < firstCall.id),
  );
  const last = same.at(-1);
  if (last === undefined) return 0;
  return firstCall === undefined ? last.place + 0.5 : last.place - 0.5;
}

function actsOf(entry: LogEntry, entries: readonly LogEntry[], bundle: Bundle): readonly PlannedAct[] {
  if (entry.type === 'transition') return commandsOf(entry, entries, bundle);
  if (entry.type !== 'command' || !entry.ok || (entry.command !== 'retry' && entry.command !== 'drop'))
    return droppedBy(entry, entries);
  return [{ at: entry.at, type: entry.command, opIds: textsOf(entry.input['opIds']) ?? [] }];
}

/** An operation that the app itself dropped, without the panel. */
function droppedBy(entry: LogEntry, entries: readonly LogEntry[]): readonly PlannedAct[] {
  if (
    entry.type !== 'event' ||
    entry.name !== 'op.discarded' ||
    entry.data['reason'] !== 'dropped' ||
    entry.opId === undefined
  )
    return [];
  const isFromPanel = entries.some(
    (other) => other.type === 'command' && other.command === 'drop' && Math.abs(other.at - entry.at) < 1_000,
  );
  return isFromPanel ? [] : [{ at: entry.at, type: 'drop', opIds: [entry.opId] }];
}

function commandsOf(entry: TransitionEntry, entries: readonly LogEntry[], bundle: Bundle): readonly PlannedAct[] {
  const { at, cause, input = {} } = entry;
  const kinds = textsOf(input['kinds']);
  switch (cause) {
    case 'SYNC':
      return [
        {
          at,
          type: 'sync',
          pushKinds: textsOf(input['pushKinds']),
          pullKinds: textsOf(input['pullKinds']),
          automatic: input['automatic'] === true,
        },
      ];
    case 'FULL_RESYNC':
      return [{ at, type: 'fullResync', kinds }];
    case 'remote.changed':
      return [{ at, type: 'remoteChanged', kinds }];
    case 'PAUSE':
      return [{ at, type: 'pause' }];
    case 'RESUME':
      return [{ at, type: 'resume' }];
    case 'SIGNED_IN':
      return [{ at, type: 'signedIn' }];
    case 'network.online':
      return [{ at, type: 'online' }];
    case 'network.offline':
      return [{ at, type: 'offline' }];
    case 'RESOLVE_CONFLICT': {
      const opId = input['opId'];
      const resolution = typeof opId === 'string' ? resolutionOf(opId, entries, bundle) : undefined;
      return typeof opId === 'string' && resolution !== undefined ? [{ at, type: 'decide', opId, resolution }] : [];
    }
    default:
      return [];
  }
}

/** How a conflict was decided: according to its event, or to the decision stored in the file. */
export function resolutionOf(
  opId: string,
  entries: readonly LogEntry[],
  { conflicts }: Pick<Bundle, 'conflicts'>,
): ConflictResolution | undefined {
  const told = entries.findLast(
    (entry) => entry.type === 'event' && entry.name === 'conflict.resolved' && entry.opId === opId,
  );
  const resolution = told?.type === 'event' ? told.data['resolution'] : undefined;
  if (resolution !== undefined && isJsonObject(resolution) && isResolution(resolution)) return resolution;
  return conflicts.find(({ conflict }) => conflict.opId === opId)?.resolution;
}

const resolutionTypes: ReadonlySet<unknown> = new Set([
  'acceptServer',
  'acceptClient',
  'acceptMerged',
  'defer',
  'discard',
]);
const isResolution = (value: JsonObject): value is JsonObject & ConflictResolution =>
  resolutionTypes.has(value['type']) &&
  (value['type'] !== 'acceptMerged' || (value['data'] !== undefined && isJsonObject(value['data'])));

/** Stuck operations that were sent again without a button press: the app retried them before the run that sent them. */
function silentRetries(
  operations: readonly KnownOperation[],
  calls: readonly RequestEntry[],
  entries: readonly LogEntry[],
  placed: readonly Placed[],
): readonly Placed[] {
  return operations.flatMap(({ opId }) => {
    const stuck = entries.find((entry) => entry.type === 'event' && entry.name === 'op.stuck' && entry.opId === opId);
    const again =
      stuck === undefined
        ? undefined
        : calls.find(
            (call) => call.id > stuck.id && call.operations?.some((operation) => operation.opId === opId) === true,
          );
    if (stuck === undefined || again === undefined) return [];
    const between = placed.filter(({ place }) => place > stuck.id && place < again.id);
    if (between.some(({ act }) => act.type === 'retry')) return [];
    const run = between.findLast(({ act }) => act.type === 'sync');
    return [
      {
        act: { at: run?.act.at ?? again.startedAt, type: 'retry', opIds: [opId] },
        place: (run?.place ?? again.id) - 0.5,
      },
    ];
  });
}

const textsOf = (value: Json | undefined): readonly string[] | undefined =>
  Array.isArray(value) ? (value as readonly Json[]).filter((item) => typeof item === 'string') : undefined;
