import type { Bundle } from '../../devtools/protocol/bundle.ts';
import type { RequestEntry } from '../../devtools/protocol/log-entry.ts';
import type { TransportCapabilities } from '../../model/transport.ts';
import type { SyncConfig } from '../../model/config.ts';
import type { StoredConflict } from '../../model/conflict.ts';
import type { Json } from '../../model/values/json.ts';
import { plannedActs, type PlannedAct } from './planned-acts.ts';
import { knownOperations, type KnownOperation } from './known-operations.ts';
import { knownRows, type KnownRow } from './known-rows.ts';
import { canonicalRows } from './canonical-row.ts';
import { restoredConfig } from './restored-config.ts';
import { dueTimes, seedAtStart } from './draws.ts';
import { planTables, type PlannedTable } from './planned-tables.ts';
import { recordedSpan } from './recorded-span.ts';
import { count } from './wording.ts';

/** The position of a kind. */
export interface PlannedCursor {
  readonly kind: string;
  readonly ts: string | null;
  readonly lastId: string | null;
  readonly lastPullAt: number | null;
  readonly lastResyncAt: number | null;
}

/** The content of a replay, read from a saved file. */
export interface ReplayPlan {
  /** Epoch ms, by the engine's clock. */
  readonly startAt: number;
  readonly endAt: number;
  readonly config: Partial<SyncConfig>;
  readonly hasResolver: boolean;
  readonly capabilities: TransportCapabilities;
  readonly tables: readonly PlannedTable[];
  readonly operations: readonly KnownOperation[];
  readonly rows: readonly KnownRow[];
  /** Open before the recording begins. */
  readonly conflicts: readonly StoredConflict[];
  readonly cursors: readonly PlannedCursor[];
  readonly acts: readonly PlannedAct[];
  readonly calls: readonly RequestEntry[];
  readonly startsPaused: boolean;
  readonly startsOffline: boolean;
  /** Whether a run was active at the time of saving. Calls without an answer were then still pending. */
  readonly isUnderWay: boolean;
  readonly seed: number | undefined;
  readonly dueTimes: readonly number[];
  /** Assumptions about what the file does not contain, as sentences. */
  readonly assumed: readonly string[];
}

/** Reads the course of events from a file. Pure. */
export function planReplay(bundle: Bundle): ReplayPlan {
  const { engine, view, kinds } = bundle;
  const { entries, startAt, isCut } = recordedSpan(bundle);
  const calls = entries.filter((entry): entry is RequestEntry => entry.type === 'request');
  const canonical = new Map(engine.kinds.map((kind) => [kind.kind, canonicalRows(kind)]));
  const operations = knownOperations({ bundle, entries, calls, startAt, canonical });
  const rows = knownRows({ bundle, operations, canonical });
  const { config, hasResolver, lost } = restoredConfig(engine.config);
  const conflicts = bundle.conflicts
    .filter(({ detectedAt }) => detectedAt < startAt)
    .map((stored): StoredConflict => {
      const toRow = canonical.get(stored.conflict.kind) ?? ((row) => row);
      const { localData, serverData, baseData } = stored.conflict;
      return {
        ...stored,
        conflict: {
          ...stored.conflict,
          localData: toRow(localData),
          serverData: toRow(serverData),
          ...(baseData === undefined ? {} : { baseData: toRow(baseData) }),
        },
      };
    });
  const moves = entries.filter((entry) => entry.type === 'transition');
  const firstNetwork = moves.find(({ cause }) => cause.startsWith('network.'));
  const { wait, seed } = view.context as { readonly wait?: { readonly retryAt?: Json }; readonly seed?: Json };
  return {
    startAt,
    endAt: Math.max(bundle.at, startAt),
    config,
    hasResolver,
    capabilities: engine.capabilities,
    tables: planTables(bundle, { operations, rows }),
    operations,
    rows,
    conflicts,
    cursors: kinds.map(({ kind, cursor, lastPulledAt, lastResyncedAt }): PlannedCursor => {
      const since = calls.find((call) => call.method === 'pull' && call.kind === kind)?.since;
      const began = since === undefined ? cursor?.ts : since.startsWith('1970-01-01T00:00:00') ? undefined : since;
      return {
        kind,
        ts: began ?? null,
        lastId: began === cursor?.ts ? (cursor?.lastId ?? '') : began === undefined ? null : '',
        lastPullAt: lastPulledAt === undefined || lastPulledAt >= startAt ? null : lastPulledAt,
        lastResyncAt: lastResyncedAt === undefined || lastResyncedAt >= startAt ? null : lastResyncedAt,
      };
    }),
    acts: plannedActs({ bundle, entries, calls, operations, startAt }),
    calls,
    startsPaused: moves[0]?.sources.some((source) => source.startsWith('sync.activity.paused')) === true,
    startsOffline: firstNetwork?.cause === 'network.online',
    isUnderWay: view.active.some((state) => state.startsWith('sync.activity.running')),
    seed: seedAtStart(seed, entries),
    dueTimes: dueTimes(entries, wait?.retryAt),
    assumed: [...(isCut === undefined ? [] : [isCut]), ...assumptions(bundle, { operations, calls, lost })],
  };
}

interface Known {
  readonly operations: readonly KnownOperation[];
  readonly calls: readonly RequestEntry[];
  readonly lost: readonly string[];
}

function assumptions(
  { operations: saved, rows, conflicts, view }: Bundle,
  { operations, calls, lost }: Known,
): readonly string[] {
  const assumed: string[] = [];
  const madeUp = operations.filter(({ isMadeUp }) => isMadeUp).length;
  const pulled = calls.filter(({ method, rows: pulledRows = 0 }) => method === 'pull' && pulledRows > 0);
  const cut = calls
    .flatMap((call) => call.operations ?? [])
    .filter(({ outcome }) => outcome === 'pushAmbiguous').length;
  const refused = calls
    .flatMap((call) => call.operations ?? [])
    .some(({ outcome }) => outcome === 'pushRejected' || outcome === 'pushForbidden');
  if (saved.total > saved.items.length)
    assumed.push(
      `Only ${saved.items.length} of ${count(saved.total, 'operation')} are in the file; the others are left out.`,
    );
  if (madeUp > 0)
    assumed.push(
      `What ${count(madeUp, 'operation')} said that had left the queue is not in the file; made-up edits of the same fields stand in.`,
    );
  if (pulled.length > 0)
    assumed.push(
      `The rows of ${count(pulled.length, 'pulled page')} are not in the file; as many made-up rows stand in (${pulled.reduce((sum, { rows: pulledRows = 0 }) => sum + pulledRows, 0)}).`,
    );
  if (operations.length > 0)
    assumed.push(
      `The server's rows are taken to be as they were before the edits${rows === undefined ? ', which are guessed from what waits: the file is of an earlier version and has no rows' : ''}${conflicts.length > 0 ? ', and in conflict as the file says' : ''}.`,
    );
  if (cut > 0)
    assumed.push(
      `Where no complete answer came (${cut}×), the server is taken to have got it, unless it said otherwise later.`,
    );
  if (refused) assumed.push('What the server refused, it refuses again, also once all faults are over.');
  if (view.status.paused) assumed.push('It was paused when it was saved; the part without faults resumes it.');
  return [...assumed, ...lost];
}
