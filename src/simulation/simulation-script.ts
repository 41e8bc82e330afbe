import type { ConflictStrategy } from '../model/conflict.ts';
import type { PagingStyle } from '../server/paging.ts';
import type { IdOrder } from '../testing/backend-rows.ts';

/** The behaviour of a simulation's server, within the protocol's limits. */
export interface SimulatedServerKind {
  readonly paging: PagingStyle;
  readonly hasMore: boolean;
  readonly pageCap?: number;
  readonly announcePageCap: boolean;
  readonly pageCapBytes?: number;
  readonly idOrder: IdOrder;
  /** `hard`: a deletion leaves no tombstone, so that only a full resync detects it. */
  readonly deletes: 'soft' | 'hard';
  /** The answer to an applied PUT. */
  readonly putAnswer: 'row' | 'empty' | 'withoutVersion';
  /** Conflicts come without the current row. */
  readonly bareConflicts: boolean;
}

/** How the simulated app uses the engine. */
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
  /** 0: never relies on the server's memory for a request without an answer. */
  readonly idempotencyWindowMs: number;
  readonly fullResyncIntervalMs: number;
  /** Whether triggers request runs; otherwise acts do so from time to time. */
  readonly automatic: boolean;
  /** Whether the app writes only with TypeORM and captures these writes; otherwise it uses a writer. */
  readonly capturesWrites?: boolean;
}

/** The constant properties of a run. */
export interface SimulatedWorld {
  /** Draws latencies, jitter and delays. */
  readonly seed: number;
  readonly server: SimulatedServerKind;
  readonly client: SimulatedClientKind;
  /** Initial rows. The rows of one lot share a timestamp. */
  readonly seededRows: number;
  /** Maximum one-way time of a request in ms. */
  readonly latencyMs: number;
  /** Every replica has synced once at the start. */
  readonly warm: boolean;
  /** Two engines share the database of replica 0, like two tabs. */
  readonly twoEngines: boolean;
}

/** One fault of one request. */
export type SimulatedFault =
  /** Nothing listens, so provably nothing is sent. */
  | { readonly type: 'refused' }
  /** Lost on its way to the server. The client sees a broken connection, or nothing. */
  | { readonly type: 'requestLost'; readonly hangs: boolean }
  /** The server executes it, and the answer is lost. */
  | { readonly type: 'answerLost'; readonly hangs: boolean }
  /** The server executes it, and the answer is interrupted. */
  | { readonly type: 'answerCut' }
  /** The server executes a batch up to the nth operation and then dies. */
  | { readonly type: 'batchCut'; readonly after: number }
  /** A status replaces the answer; with `afterCommit`, the server executes the request first. */
  | { readonly type: 'status'; readonly status: number; readonly retryAfterS?: number; readonly afterCommit: boolean }
  | { readonly type: 'delayed'; readonly ms: number }
  /** The request arrives twice. */
  | { readonly type: 'duplicated'; readonly ms: number }
  /** A captive portal answers. */
  | { readonly type: 'portal' }
  /** A gateway without its server answers 404 with HTML (F-150). */
  | { readonly type: 'gateway' };

/** A change by the user of a replica. The details are chosen when it happens, to fit the current row. */
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

/** Acts of others on the server. */
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
   * Refuses writes of this row until they are allowed: with 422, stored under their keys, with a 409 that is no
   * conflict (a UNIQUE value), or with a 404 that is no deletion (F-151).
   */
  | { readonly type: 'refuse'; readonly kind: 'tasks' | 'lists'; readonly id: string; readonly status?: 404 | 409 }
  | { readonly type: 'allow' }
  | { readonly type: 'forgetKeys' }
  /** Answers lists from the current rows from now on, like a lagging read replica (F-157), until it catches up. */
  | { readonly type: 'holdLists' }
  | { readonly type: 'releaseLists' }
  /** Sets the server's clock back. Later writes get older versions than existing rows (F-161). */
  | { readonly type: 'serverClockBack'; readonly ms: number };

/** The boundary of a replica's process at which an act happens, counted from the arming. */
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
  /** The nth writing or reading request of a replica, counted from the start of the script, meets a fault. */
  | {
      readonly afterMs: 0;
      readonly on: number;
      readonly request: number;
      readonly of: 'writes' | 'reads';
      readonly fault: SimulatedFault;
    };

/** A whole run as data. The same script gives the same run. */
export interface SimulationScript {
  readonly world: SimulatedWorld;
  readonly steps: readonly SimulatedStep[];
}
