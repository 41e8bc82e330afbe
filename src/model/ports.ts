import type { ConflictResolution, StoredConflict } from './conflict.ts';
import type { Cursor } from './cursor.ts';
import type { Delta } from './values/delta.ts';
import type { SyncFact } from './events.ts';
import type { JsonObject } from './values/json.ts';
import type { Op } from './operation.ts';
import type { Outcome } from './outcome.ts';
import type { ConflictOutcome, ConflictRef, Kinds, SettleReport, SyncRequest } from './run.ts';
import type { PullPage } from './transport.ts';

// ── Facts from outside ──────────────────────────────────────────────────────────────────────────────────────────────

/** Tells whether the device has a network. It may lie: the engine still probes `transport.health()`. */
export interface ConnectivityPort {
  isOnline(): boolean;
  /** Calls the listener on each change; returns the function that ends it. */
  subscribe(listener: (online: boolean) => void): () => void;
}

/** Tells whether somebody sees the app. */
export interface VisibilityPort {
  isVisible(): boolean;
  /** Calls the listener on each change; returns the function that ends it. */
  subscribe(listener: (visible: boolean) => void): () => void;
}

// ── One run at a time (I11) ─────────────────────────────────────────────────────────────────────────────────────────

/**
 * The lease under which a run works. Every write of the engine asserts its fencing token in its own transaction and
 * throws `SyncStepError` `leaseLost` when another owner has taken over.
 */
export interface LeasePort {
  /** One attempt. `continued`: nobody else held it since we released it. */
  acquire(): Promise<{ readonly held: false } | { readonly held: true; readonly continued: boolean }>;
  /** Extends the lease; throws `SyncStepError` `leaseLost` when it is no longer ours. */
  renew(): Promise<void>;
  /** Gives it back; never throws for a lease that is gone. */
  release(): Promise<void>;
  /** Epoch ms until which we hold it, 0 when we do not: each send checks it first. */
  expiresAt(): number;
  /** Whether the run should end at the next batch or page, because somebody with a better claim waits. Absent: never. */
  isWanted?(): Promise<boolean>;
}

// ── The store ───────────────────────────────────────────────────────────────────────────────────────────────────────

export interface PersistedState {
  readonly paused: boolean;
  readonly attempt: number;
  /** Epoch ms. */
  readonly retryAt?: number | undefined;
  readonly request?: SyncRequest | undefined;
  /** Server time minus local time, ms; 0 while unknown. */
  readonly clockOffsetMs: number;
  readonly lastSyncedAt?: number | undefined;
}

/** The server's row as it was, to the client's knowledge, when a request was made. */
export interface KnownThere {
  /** True where no server has the row. */
  readonly isAbsent: boolean;
  /** What it has is a tombstone. */
  readonly isDeleted?: boolean | undefined;
  /** The version of the row, verbatim; undefined where it is unknown. */
  readonly version?: string | undefined;
  /** Its ETag or other request version, where the request was conditional on one. */
  readonly requestVersion?: string | undefined;
}

/** One frozen request: what is sent for an entity, and the operations folded into it. */
export interface TakenRequest {
  readonly kind: string;
  readonly entityId: string;
  /** What to send, with `requestId`, payload, base and `force` as they were frozen before the first byte left (I2). */
  readonly op: Op;
  /** All operations it stands for, oldest first; `op.opId` is the newest. */
  readonly opIds: readonly string[];
  /** Epoch ms of the first time it was sent; undefined: never yet. */
  readonly firstSentAt: number | undefined;
  /**
   * Why the row must be fetched before sending. `unknownVersion`: the last answer had no version, `lastSent` is what we
   * sent then; or the server was never asked (`isUnseen`), `lastSent` is what the user saw. `staleRequest`: sent
   * without outcome, and the server may have forgotten the key.
   */
  readonly verify: 'no' | 'unknownVersion' | 'staleRequest';
  /** Wire row that the entity's last applied request carried, while its version is unknown. */
  readonly lastSent?: JsonObject | undefined;
  /** The row is from before its table was synchronised: the server may have it or not. */
  readonly isUnseen?: boolean | undefined;
  /**
   * Of a creation that was sent before: a pull has brought a live row of its id since. Where that row is absent now,
   * somebody deleted it.
   */
  readonly wasShown?: boolean | undefined;
  /** Of a request that resolves a conflict: the server's row on which that was decided. */
  readonly decidedOn?: KnownThere | undefined;
  /**
   * Relative changes that the request stands for, also where they travel inside the row. That the server's row equals
   * what was sent proves nothing then: somebody else may have made the same change.
   */
  readonly deltas?: readonly Delta[] | undefined;
}

export interface TakenBatch {
  readonly requests: readonly TakenRequest[];
  readonly facts: readonly SyncFact[];
}

export interface TakeOptions {
  readonly kinds: Kinds;
  readonly limit: number;
  readonly runId: number;
  /**
   * Whether sent requests without outcome must be verified by a fetch whatever their age (`capabilities.idempotency:
   * 'none'`).
   */
  readonly distrustResend: boolean;
  /** Whether requests carry deltas as such (`capabilities.deltas`); frozen with the request. */
  readonly deltas?: boolean | undefined;
}

/** `counted`: the try counts towards `maxOutboxTryCount`. `dueInMs`: when to try again, absent = next run. */
export interface Answer {
  readonly request: TakenRequest;
  readonly outcome: Outcome;
  readonly dueInMs?: number | undefined;
}

/** Where the pull of one kind stands. */
export interface PullPosition {
  readonly cursor: Cursor | undefined;
  readonly maxPage: number;
  /** A token sequence under way: its token, and the cursor that its first request had. */
  readonly sequence?: { readonly token: string; readonly start: Cursor | undefined } | undefined;
  /** Ids of the rows that the last applied page had at the cursor's timestamp; empty after a restart. */
  readonly resync: boolean;
}

/** A page together with the position that holds once it is applied. */
export interface PageToApply {
  readonly page: PullPage;
  /** The rows to apply, in page order: `page.items` less those that need no work. */
  readonly items: readonly JsonObject[];
  readonly next: PullPosition;
  /**
   * Timestamp at which an overlapping pull began: rows that are not newer were read before, and most are here as they
   * come.
   */
  readonly rereadUntil?: string | undefined;
}

export interface AppliedPage {
  readonly pageSize: number;
  /** Rows that were taken. Re-read rows of the overlap window count only where they changed something. */
  readonly pulled: number;
  /** Rows that were left out because a newer one is known (F-157). */
  readonly ignored: number;
  readonly facts: readonly SyncFact[];
}

/** Rows that a full resync did not list. `control`: a row that it did list, so the server must have it. */
export interface UnprovenRows {
  readonly ids: readonly string[];
  readonly control?: string | undefined;
}

/**
 * What single reads said of rows that a full resync did not list: `present` are the ids of `found`, and of rows that
 * came meanwhile.
 */
export interface AbsenceProof {
  readonly absent: readonly string[];
  readonly present: readonly string[];
  readonly found: readonly JsonObject[];
}

/** What became of stored rows whose table has another version than the app's. */
export interface SchemaReport {
  readonly facts: readonly SyncFact[];
  /**
   * Kinds that a newer release of the app has used: `stored` is its version, `known` ours. Nothing of them is sent or
   * pulled.
   */
  readonly refused: readonly { readonly kind: string; readonly stored: number; readonly known: number }[];
  /** Kinds with an open full resync because of their version. */
  readonly resyncing: Kinds;
}

/**
 * Everything the engine asks of the database. Each method is one or more whole transactions; every outcome is committed
 * when its promise resolves.
 */
export interface StorePort {
  readonly lease: LeasePort;

  /** Checks the schema and reads what survived. Throws `DatabaseError` that names a missing table and the fix. */
  hydrate(): Promise<PersistedState>;
  rememberWait(wait: {
    readonly attempt: number;
    readonly retryAt?: number | undefined;
    readonly request?: SyncRequest | undefined;
  }): Promise<void>;
  rememberPaused(paused: boolean): Promise<void>;
  rememberClockOffset(offsetMs: number): Promise<void>;

  /** The scope that the database belongs to; stores `scope` when there is none yet. */
  claimScope(scope: string): Promise<{ readonly owner: string }>;

  /**
   * Opens a run: takes back what a dead run left in flight, makes waiting operations ready (all of them when
   * `explicit`, else those that are due), and lists the conflicts that have work in this run.
   */
  beginRun(options: {
    readonly explicit: boolean;
    readonly kinds: Kinds;
    readonly runId: number;
  }): Promise<{ readonly conflicts: readonly ConflictRef[]; readonly facts: readonly SyncFact[] }>;
  /**
   * Brings what is stored of every registered kind to the version it is registered with. Cheap where there is nothing
   * to do; may be repeated.
   */
  upgradeSchemas(): Promise<SchemaReport>;
  /** Of these kinds, those whose full resync is due (or still open from an interrupted one). */
  dueForResync(kinds: Kinds): Promise<Kinds>;
  /** Of these kinds, those of which this database never had a complete pull; their first one may be under way. */
  neverPulled(kinds: Kinds): Promise<Kinds>;

  /** Takes heads of line, folds and freezes them, and commits that before it resolves. */
  take(options: TakeOptions): Promise<TakenBatch>;
  /**
   * Stores the base that a taken request was given by looking at the server's row, before it is sent: sent again it
   * must be the same (I2).
   */
  confirmBase(request: TakenRequest, found: { readonly row: JsonObject; readonly version: string }): Promise<void>;
  /** Settles answers in one transaction: departures, rebased followers, answered rows, conflicts, tries. */
  settle(answers: readonly Answer[]): Promise<SettleReport>;

  /** The stored conflict with the data of its folded operations; undefined when it is gone. */
  loadConflict(ref: ConflictRef): Promise<StoredConflict | undefined>;
  /**
   * Parks it: it waits for RESOLVE_CONFLICT, or also for the next run (`nextRun`), or for an explicit run or another
   * server version (`deferred`). It stays to be shown, unless a counted try was one too many.
   */
  parkConflict(
    ref: ConflictRef,
    reason: string,
    options: { readonly nextRun: boolean; readonly countTry: boolean; readonly deferred?: boolean | undefined },
  ): Promise<readonly SyncFact[]>;
  /**
   * The local row becomes the server's: the local change is given up, or (`acceptMerged`) the server has all of it
   * already.
   */
  acceptServer(ref: ConflictRef, resolution: ConflictResolution): Promise<ConflictOutcome>;
  /**
   * Freezes what resolves the conflict as a new request: `data` null for a delete. `base` absent: none is sent.
   * `expectedVersion` is the server timestamp the decision was made on; undefined when the stored conflict has moved on
   * since. `resolution` is kept with the conflict, so that it is told whichever run gets the answer.
   */
  freezeResolution(
    ref: ConflictRef,
    resolution: {
      readonly data: JsonObject | null;
      readonly base?: string | undefined;
      readonly version?: string | undefined;
      readonly force: boolean;
      readonly creates: boolean;
      readonly expectedVersion?: string | undefined;
      readonly resolution?: ConflictResolution | undefined;
    },
  ): Promise<TakenRequest | undefined>;
  /** Settles the answer to a resolution's request. */
  settleResolution(ref: ConflictRef, answer: Answer, resolution: ConflictResolution): Promise<ConflictOutcome>;
  /**
   * Stores a decision made by a person or the app; it is applied in the next run that names it. Throws
   * `ValidationError` when there is no such conflict, its resolution is under way, or the data cannot be stored.
   * `decidedOn`: the server version shown, by default the one stored.
   */
  decideConflict(
    opId: string,
    resolution: ConflictResolution,
    options?: { readonly decidedOn?: string | undefined },
  ): Promise<ConflictRef>;
  /** Parked conflicts, oldest first. */
  conflicts(): Promise<readonly StoredConflict[]>;

  pullPosition(kind: string, options: { readonly resync: boolean }): Promise<PullPosition>;
  /**
   * Applies pages in order, each with its position, in as few transactions as the gate and `signal` allow. Yields after
   * each page that is committed. Stops after a commit when `signal` aborts.
   */
  applyPages(
    kind: string,
    pages: readonly PageToApply[],
    options: { readonly signal?: AbortSignal | undefined; readonly totalDone: number },
  ): Promise<readonly AppliedPage[]>;
  /** The pull of a kind is complete: tries its quarantined rows again, notes the time. */
  completePull(
    kind: string,
    options: { readonly resync: boolean; readonly tombstoneRetentionMs?: number | undefined },
  ): Promise<readonly SyncFact[]>;

  /**
   * Epoch ms at which each kind was last pulled to its end, by any engine of this database; those never pulled are
   * absent.
   */
  pulledAt(kinds: Kinds): Promise<ReadonlyMap<string, number>>;

  /** Opens or continues a generation per kind: its own cursor from the start, marks when the table has rows. */
  openResync(kinds: Kinds): Promise<void>;
  /**
   * Some of the rows that `sweepResync` would remove although their absence is not proven, because the listing followed
   * tokens; none: it may sweep.
   */
  unprovenRows(kind: string, options: { readonly requested: boolean }): Promise<UnprovenRows>;
  /** Stores what the server said of such rows. None of them is named by `unprovenRows` again in this generation. */
  proveAbsence(kind: string, proof: AbsenceProof): Promise<readonly SyncFact[]>;
  /**
   * Removes what a completely fetched generation did not list, and closes it. `keepUnlisted`: closes it without
   * removing.
   */
  sweepResync(
    kind: string,
    options: { readonly requested: boolean; readonly keepUnlisted?: boolean | undefined },
  ): Promise<readonly SyncFact[]>;

  /**
   * Notes the end of a run: counts tries of operations that failed alone while others succeeded, and tells the earliest
   * wait.
   */
  finishRun(options: {
    readonly runId: number;
    readonly othersSucceeded: boolean;
    readonly kinds: Kinds;
  }): Promise<{ readonly facts: readonly SyncFact[]; readonly nextDueInMs?: number | undefined }>;
}
