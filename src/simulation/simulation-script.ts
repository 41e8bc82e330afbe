import type { ConflictStrategy } from '../model/conflict.ts';
import type { PagingStyle } from '../server/paging.ts';
import type { IdOrder } from '../testing/backend-rows.ts';

/** How the server of a simulation behaves, within what the protocol allows. */
export interface SimulatedServerKind {
  readonly paging: PagingStyle;
  readonly hasMore: boolean;
  readonly pageCap?: number;
  readonly announcePageCap: boolean;
  readonly pageCapBytes?: number;
  readonly idOrder: IdOrder;
  /** `hard`: a deletion leaves no tombstone, so that only a full resync tells. */
  readonly deletes: 'soft' | 'hard';
  /** What a PUT that was applied is answered with. */
  readonly putAnswer: 'row' | 'empty' | 'withoutVersion';
  /** Conflicts come without the current row. */
  readonly bareConflicts: boolean;
}

/** How the app under simulation uses the engine. */
export interface SimulatedClientKind {
  readonly strategy: ConflictStrategy;
  readonly resolver: 'none' | 'prompt' | 'late' | 'throwing' | 'deferring';
  readonly deleteConflict?: 'keep' | 'delete';
  readonly tombstones: 'keep' | 'remove';
  readonly batch: boolean;
  readonly batchSize: number;
  readonly pushConcurrency: number;
  readonly conditionalWrite: boolean;
  readonly deltas: boolean;
  readonly sendChangedFields: boolean;
  readonly coalesce: boolean;
  readonly mergedPush: 'conditional' | 'force';
  readonly skipConflictingOps: boolean;
  readonly pageSize: number;
  readonly pushBatchSize: number;
  readonly maxRetries: number;
  readonly maxOutboxTryCount: number;
  readonly pullConcurrency: number;
  readonly pullOverlapMs: number;
  /** 0: a request without answer is never trusted to the server's memory. */
  readonly idempotencyWindowMs: number;
  readonly fullResyncIntervalMs: number;
  /** Whether triggers ask for runs; else somebody does now and then. */
  readonly automatic: boolean;
  /** Whether the app writes with TypeORM alone, and what it writes is captured; else it uses a writer. */
  readonly capturesWrites?: boolean;
}

/** What holds for a whole run. */
export interface SimulatedWorld {
  /** Draws latencies, jitter and delays. */
  readonly seed: number;
  readonly server: SimulatedServerKind;
  readonly client: SimulatedClientKind;
  /** Rows that are there before anybody begins; those of one lot share a timestamp. */
  readonly seededRows: number;
  /** How long a request travels one way at most, ms. */
  readonly latencyMs: number;
  /** Everybody has synced once before it begins. */
  readonly warm: boolean;
  /** Two engines share the database of replica 0, as two tabs do. */
  readonly twoEngines: boolean;
}

/** One thing that goes wrong with one request. */
export type SimulatedFault =
  /** Nothing listens: provably not sent. */
  | { readonly type: 'refused' }
  /** Lost on its way there; the client hears a cut, or nothing. */
  | { readonly type: 'requestLost'; readonly hangs: boolean }
  /** The server did it, the answer is lost. */
  | { readonly type: 'answerLost'; readonly hangs: boolean }
  /** The server did it, the answer breaks off. */
  | { readonly type: 'answerCut' }
  /** A batch is done up to the nth operation, then the server dies. */
  | { readonly type: 'batchCut'; readonly after: number }
  /** A status instead of the answer; `afterCommit`: the server did it first. */
  | { readonly type: 'status'; readonly status: number; readonly retryAfterS?: number; readonly afterCommit: boolean }
  | { readonly type: 'delayed'; readonly ms: number }
  /** It arrives twice. */
  | { readonly type: 'duplicated'; readonly ms: number }
  /** A captive portal answers. */
  | { readonly type: 'portal' }
  /** A gateway that lost its server answers 404 with HTML (F-150). */
  | { readonly type: 'gateway' };

/** A change that the user of a replica makes. What fits the row as it is is chosen when it happens. */
export type SimulatedWrite =
  | { readonly type: 'edit'; readonly field: 'title' | 'note' | 'done'; readonly stale: boolean }
  | { readonly type: 'replace' }
  | { readonly type: 'delete' }
  | { readonly type: 'restore' }
  | { readonly type: 'increment'; readonly by: number }
  | { readonly type: 'tag'; readonly tag: string; readonly add: boolean };

export type SimulatedAct =
  | { readonly type: 'write'; readonly kind: 'tasks' | 'lists'; readonly id: string; readonly write: SimulatedWrite }
  | { readonly type: 'sync'; readonly only?: 'push' | 'pull'; readonly giveUpAfterMs?: number }
  | { readonly type: 'fullResync' }
  | { readonly type: 'pause' }
  | { readonly type: 'resume' }
  | { readonly type: 'offline'; readonly portKnows: boolean }
  | { readonly type: 'online' }
  | { readonly type: 'expireToken'; readonly canRefresh: boolean }
  | { readonly type: 'signIn' }
  | { readonly type: 'crash'; readonly downMs: number }
  | { readonly type: 'reopen' }
  | { readonly type: 'clockStep'; readonly ms: number }
  | { readonly type: 'freeze'; readonly ms: number }
  | { readonly type: 'decide'; readonly how: 'acceptServer' | 'acceptClient' | 'merge' | 'discard' | 'defer' }
  | { readonly type: 'retryStuck' }
  | { readonly type: 'dropStuck' }
  | { readonly type: 'amend' }
  | { readonly type: 'undoDiscard' };

/** What others do on the server. */
export type SimulatedServerAct =
  | {
      readonly type: 'serverEdit';
      readonly kind: 'tasks' | 'lists';
      readonly id: string;
      readonly field: 'title' | 'note' | 'points';
    }
  | { readonly type: 'serverInsert'; readonly kind: 'tasks' | 'lists'; readonly id: string }
  | { readonly type: 'serverDelete'; readonly kind: 'tasks' | 'lists'; readonly id: string }
  /**
   * Writes of this row are refused until allowed: with 422, remembered under their keys, or with a 409 that is no
   * conflict (a UNIQUE value), or a 404 that is no deletion (F-151).
   */
  | { readonly type: 'refuse'; readonly kind: 'tasks' | 'lists'; readonly id: string; readonly status?: 404 | 409 }
  | { readonly type: 'allow' }
  | { readonly type: 'forgetKeys' }
  /**
   * From now on lists are answered from the rows as they are: a read replica lags behind (F-157), until it catches up.
   */
  | { readonly type: 'holdLists' }
  | { readonly type: 'releaseLists' }
  /** The server's clock goes back: what is written from now on has older versions than what is there (F-161). */
  | { readonly type: 'serverClockBack'; readonly ms: number };

/** At which boundary of a replica's process an act happens, counted from when it is armed. */
export interface SimulatedBoundary {
  readonly at: 'statement' | 'beforeCommit' | 'afterCommit' | 'request' | 'answer';
  readonly count: number;
}

/** One entry of a script. */
export type SimulatedStep =
  | {
      readonly afterMs: number;
      readonly on: number;
      readonly engine?: 0 | 1;
      readonly act: SimulatedAct;
      readonly boundary?: SimulatedBoundary;
    }
  | { readonly afterMs: number; readonly serverAct: SimulatedServerAct }
  /**
   * The nth request of a replica that writes, or that reads, counted from the beginning of the script, meets a fault.
   */
  | {
      readonly afterMs: 0;
      readonly on: number;
      readonly request: number;
      readonly of: 'writes' | 'reads';
      readonly fault: SimulatedFault;
    };

/** A whole run, as data: the same script gives the same run. */
export interface SimulationScript {
  readonly world: SimulatedWorld;
  readonly steps: readonly SimulatedStep[];
}
