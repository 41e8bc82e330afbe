import type { ConflictResolution, DecideOptions, StoredConflict } from './conflict.ts';
import type { Cursor } from './cursor.ts';
import type { Delta } from './values/delta.ts';
import type { SyncFact } from './events.ts';
import type { JsonObject } from './values/json.ts';
import type { Op } from './operation.ts';
import type { Outcome } from './outcome.ts';
import type { ConflictOutcome, ConflictRef, Kinds, SettleReport, SyncRequest } from './run.ts';
import type { PullPage } from './transport.ts';

// ── Facts from outside ──────────────────────────────────────────────────────────────────────────────────────────────

/** Reports whether the device has a network. It may be wrong; the engine still probes `transport.health()`. */
export interface ConnectivityPort {
  isOnline(): boolean;
  /** Calls the listener on each change. Returns a function that unsubscribes. */
  subscribe(listener: (online: boolean) => void): () => void;
}

/** Reports whether the app is visible. */
export interface VisibilityPort {
  isVisible(): boolean;
  /** Calls the listener on each change. Returns a function that unsubscribes. */
  subscribe(listener: (visible: boolean) => void): () => void;
}

// ── One run at a time (I11) ─────────────────────────────────────────────────────────────────────────────────────────

/**
 * The lease under which a run works. Every write of the engine checks its fencing token within its own transaction. It
 * throws `SyncStepError` `leaseLost` when another owner has taken over.
 */
export interface LeasePort {
  /** Makes one attempt. `continued`: no other owner held it since this one released it. */
  acquire(): Promise<{ readonly held: false } | { readonly held: true; readonly continued: boolean }>;
  /** Extends the lease. Throws `SyncStepError` `leaseLost` when another owner holds it. */
  renew(): Promise<void>;
  /** Releases the lease. Never throws for a lost lease. */
  release(): Promise<void>;
  /** Epoch ms until which this owner holds the lease, 0 if it does not. Checked before each send. */
  expiresAt(): number;
  /**
   * Whether the run should end at the next batch or page, because an owner with a better claim waits. Absent: never.
   */
  isWanted?(): Promise<boolean>;
}

// ── The store ───────────────────────────────────────────────────────────────────────────────────────────────────────

export interface PersistedState {
  readonly paused: boolean;
  readonly attempt: number;
  /** Epoch ms. */
  readonly retryAt?: number | undefined;
  readonly request?: SyncRequest | undefined;
  /** Server time minus local time in ms; 0 if unknown. */
  readonly clockOffsetMs: number;
  readonly lastSyncedAt?: number | undefined;
}

/** What the client knew of the server's row when it made a request. */
export interface KnownThere {
  /** True if the server does not have the row. */
  readonly isAbsent: boolean;
  /** True if the row is a tombstone. */
  readonly isDeleted?: boolean | undefined;
  /** The version of the row, verbatim; undefined if unknown. */
  readonly version?: string | undefined;
  /** The ETag or other request version, if the request depended on one. */
  readonly requestVersion?: string | undefined;
}

/** One frozen request: what is sent for an entity, and the operations folded into it. */
export interface TakenRequest {
  readonly kind: string;
  readonly entityId: string;
  /**
   * The operation to send. Its `requestId`, payload, base and `force` were frozen before the first byte was sent (I2).
   */
  readonly op: Op;
  /** All operations that it covers, oldest first; `op.opId` is the newest. */
  readonly opIds: readonly string[];
  /** Epoch ms of the first send; undefined if it was never sent. */
  readonly firstSentAt: number | undefined;
  /**
   * Why the row must be fetched before sending. `unknownVersion`: the last answer had no version, and `lastSent` is
   * what was sent then. With `isUnseen`, the row was never fetched, and `lastSent` is what the user saw.
   * `staleRequest`: sent without an outcome, and the server may have forgotten the key.
   */
  readonly verify: 'no' | 'unknownVersion' | 'staleRequest';
  /** Wire row of the entity's last applied request; present while its version is unknown. */
  readonly lastSent?: JsonObject | undefined;
  /** The row is older than the synchronisation of its table. The server may or may not have it. */
  readonly isUnseen?: boolean | undefined;
  /**
   * For a creation that was sent before: a pull has since returned a live row with its id. If that row is absent now,
   * somebody deleted it.
   */
  readonly wasShown?: boolean | undefined;
  /** For a request that resolves a conflict: the server's row on which the decision was based. */
  readonly decidedOn?: KnownThere | undefined;
  /**
   * Relative changes that the request covers, also those merged into the row. With deltas, a server row equal to the
   * sent row proves nothing, because somebody else may have made the same change.
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
  /** Verify sent requests without an outcome by a fetch, whatever their age (`capabilities.idempotency: 'none'`). */
  readonly distrustResend: boolean;
  /** Send deltas as such (`capabilities.deltas`); frozen with the request. */
  readonly deltas?: boolean | undefined;
}

/**
 * `counted`: the attempt counts towards `maxOutboxTryCount`. `dueInMs`: time until the next attempt; absent: the next
 * run.
 */
export interface Answer {
  readonly request: TakenRequest;
  readonly outcome: Outcome;
  readonly dueInMs?: number | undefined;
}

/** Pull position of one kind. */
export interface PullPosition {
  readonly cursor: Cursor | undefined;
  readonly maxPage: number;
  /** A token sequence in progress: its token, and the cursor of its first request. */
  readonly sequence?: { readonly token: string; readonly start: Cursor | undefined } | undefined;
  /** True while a full resync of the kind is open. */
  readonly resync: boolean;
}

/** A page and the position that holds once it is applied. */
export interface PageToApply {
  readonly page: PullPage;
  /** The rows to apply in page order: `page.items` minus those that need no work. */
  readonly items: readonly JsonObject[];
  readonly next: PullPosition;
  /**
   * Timestamp at which an overlapping pull began. Rows that are not newer were read before; most are already stored
   * unchanged.
   */
  readonly rereadUntil?: string | undefined;
}

export interface AppliedPage {
  readonly pageSize: number;
  /** Rows accepted. Re-read rows of the overlap window count only if they changed something. */
  readonly pulled: number;
  /** Rows skipped because a newer version is known (F-157). */
  readonly ignored: number;
  readonly facts: readonly SyncFact[];
}

/** Rows that a full resync did not list. `control` is a row that it did list, so the server must have it. */
export interface UnprovenRows {
  readonly ids: readonly string[];
  readonly control?: string | undefined;
}

/**
 * Results of single reads of rows that a full resync did not list. `present` holds the ids of `found` and of rows that
 * arrived meanwhile.
 */
export interface AbsenceProof {
  readonly absent: readonly string[];
  readonly present: readonly string[];
  readonly found: readonly JsonObject[];
}

/** What happened to stored rows whose table version differs from the app's. */
export interface SchemaReport {
  readonly facts: readonly SyncFact[];
  /**
   * Kinds that a newer release of the app has used: `stored` is its version, `known` is ours. They are neither sent nor
   * pulled.
   */
  readonly refused: readonly { readonly kind: string; readonly stored: number; readonly known: number }[];
  /** Kinds with an open full resync because of their version. */
  readonly resyncing: Kinds;
}

/**
 * Everything the engine needs from the database. Each method is one or more whole transactions; every outcome is
 * committed when its promise resolves.
 */
export interface StorePort {
  readonly lease: LeasePort;

  /** Checks the schema and reads the persisted state. Throws `DatabaseError` that names a missing table and the fix. */
  hydrate(): Promise<PersistedState>;
  rememberWait(wait: {
    readonly attempt: number;
    readonly retryAt?: number | undefined;
    readonly request?: SyncRequest | undefined;
  }): Promise<void>;
  rememberPaused(paused: boolean): Promise<void>;
  rememberClockOffset(offsetMs: number): Promise<void>;

  /** Returns the scope that owns the database. Stores `scope` if there is none yet. */
  claimScope(scope: string): Promise<{ readonly owner: string }>;

  /**
   * Opens a run. Takes back what a dead run left in flight. Makes waiting operations ready: all of them when
   * `explicit`, otherwise those that are due. Lists the conflicts that have work in this run.
   */
  beginRun(options: {
    readonly explicit: boolean;
    readonly kinds: Kinds;
    readonly runId: number;
  }): Promise<{ readonly conflicts: readonly ConflictRef[]; readonly facts: readonly SyncFact[] }>;
  /**
   * Upgrades the stored data of every registered kind to its registered version. Idempotent, and cheap if there is
   * nothing to do.
   */
  upgradeSchemas(): Promise<SchemaReport>;
  /** Filters these kinds to those whose full resync is due, or still open from an interrupted one. */
  dueForResync(kinds: Kinds): Promise<Kinds>;
  /** Filters these kinds to those that this database never pulled completely; their first pull may be in progress. */
  neverPulled(kinds: Kinds): Promise<Kinds>;

  /** Takes heads of line, folds and freezes them, and commits before it resolves. */
  take(options: TakeOptions): Promise<TakenBatch>;
  /**
   * Stores the base found by reading the server's row for a taken request, before the request is sent. A resend must
   * use the same base (I2).
   */
  confirmBase(request: TakenRequest, found: { readonly row: JsonObject; readonly version: string }): Promise<void>;
  /** Settles answers in one transaction: departures, rebased followers, answered rows, conflicts, attempts. */
  settle(answers: readonly Answer[]): Promise<SettleReport>;

  /** The stored conflict with the data of its folded operations; undefined if it no longer exists. */
  loadConflict(ref: ConflictRef): Promise<StoredConflict | undefined>;
  /**
   * Parks the conflict until RESOLVE_CONFLICT. With `nextRun`, the next run also resumes it. With `deferred`, an
   * explicit run or another server version does. It stays visible, unless a counted attempt was one too many.
   */
  parkConflict(
    ref: ConflictRef,
    reason: string,
    options: { readonly nextRun: boolean; readonly countTry: boolean; readonly deferred?: boolean | undefined },
  ): Promise<readonly SyncFact[]>;
  /**
   * Replaces the local row by the server's. Discards the local change, or, with `acceptMerged`, the server already has
   * all of it.
   */
  acceptServer(ref: ConflictRef, resolution: ConflictResolution): Promise<ConflictOutcome>;
  /**
   * Freezes the resolution of a conflict as a new request. `data` is null for a delete. Without `base`, none is sent.
   * `expectedVersion` is the server timestamp on which the decision was based. Returns undefined when the stored
   * conflict has changed since. Stores `resolution` with the conflict, so that whichever run receives the answer can
   * report it.
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
  /** Settles the answer to the request that resolves a conflict. */
  settleResolution(ref: ConflictRef, answer: Answer, resolution: ConflictResolution): Promise<ConflictOutcome>;
  /**
   * Stores a decision of a person or the app. The next run that names it applies it. Throws `ValidationError` when
   * there is no such conflict, its resolution is in flight, or the data cannot be stored. Throws `ConflictChangedError`
   * when its rows differ from those `expected`. `decidedOn` is the server version shown; defaults to the stored one.
   */
  decideConflict(
    opId: string,
    resolution: ConflictResolution,
    options?: DecideOptions & { readonly decidedOn?: string | undefined },
  ): Promise<ConflictRef>;
  /** Parked conflicts, oldest first. */
  conflicts(): Promise<readonly StoredConflict[]>;

  pullPosition(kind: string, options: { readonly resync: boolean }): Promise<PullPosition>;
  /**
   * Applies pages in order, each with its position, in as few transactions as the gate and `signal` allow. Yields each
   * page after its commit. Stops after a commit when `signal` aborts.
   */
  applyPages(
    kind: string,
    pages: readonly PageToApply[],
    options: { readonly signal?: AbortSignal | undefined; readonly totalDone: number },
  ): Promise<readonly AppliedPage[]>;
  /** Marks the pull of a kind as complete: retries its quarantined rows and stores the time. */
  completePull(
    kind: string,
    options: { readonly resync: boolean; readonly tombstoneRetentionMs?: number | undefined },
  ): Promise<readonly SyncFact[]>;

  /**
   * Epoch ms of each kind's last complete pull by any engine of this database. Kinds that were never pulled are absent.
   */
  pulledAt(kinds: Kinds): Promise<ReadonlyMap<string, number>>;

  /**
   * Opens or continues a generation per kind, with its own cursor from the start. Marks the existing rows of the table.
   */
  openResync(kinds: Kinds): Promise<void>;
  /**
   * Some of the rows that `sweepResync` would remove without proof of their absence, because the listing followed
   * tokens. An empty result allows the sweep.
   */
  unprovenRows(kind: string, options: { readonly requested: boolean }): Promise<UnprovenRows>;
  /** Stores the server's answers about such rows. `unprovenRows` does not return them again in this generation. */
  proveAbsence(kind: string, proof: AbsenceProof): Promise<readonly SyncFact[]>;
  /**
   * Removes the rows that a completely fetched generation did not list, and closes the generation. `keepUnlisted`
   * closes it without removing rows.
   */
  sweepResync(
    kind: string,
    options: { readonly requested: boolean; readonly keepUnlisted?: boolean | undefined },
  ): Promise<readonly SyncFact[]>;

  /**
   * Records the end of a run. Counts attempts of operations that failed alone while others succeeded, and returns the
   * earliest wait.
   */
  finishRun(options: {
    readonly runId: number;
    readonly othersSucceeded: boolean;
    readonly kinds: Kinds;
  }): Promise<{ readonly facts: readonly SyncFact[]; readonly nextDueInMs?: number | undefined }>;
}
