import type { Json, JsonObject } from '../../model/values/json.ts';

/** A state value of the chart as JSON: a name, or names by region or parent. */
export type StateValueJson = string | { readonly [key: string]: StateValueJson };

interface EntryStamp {
  /** Counts up from 1 in each engine; gaps mean that entries were dropped. */
  readonly id: number;
  /** Epoch ms, by the engine's clock. */
  readonly at: number;
}

/** The chart moved. `actions` are those of all its microsteps, in order. */
export interface TransitionEntry extends EntryStamp {
  readonly type: 'transition';
  /** Type of the event that caused it. */
  readonly cause: string;
  readonly value: StateValueJson;
  readonly actions: readonly string[];
  /** Ids of the transitions' source states, in order, as in the drawn chart. */
  readonly sources: readonly string[];
  readonly runId?: number | undefined;
  /** Of a command: what it asked for, without rows. */
  readonly input?: JsonObject | undefined;
}

/** Something was announced. `data` is the event without its stamp, redacted; errors are their messages. */
export interface EventEntry extends EntryStamp {
  readonly type: 'event';
  readonly name: string;
  readonly data: JsonObject;
  readonly runId?: number | undefined;
  readonly kind?: string | undefined;
  readonly entityId?: string | undefined;
  readonly opId?: string | undefined;
}

/** How a call of the transport ended for one operation: the type of its answer. */
export interface AnsweredOperation {
  readonly opId: string;
  readonly requestId?: string | undefined;
  readonly kind: string;
  readonly entityId: string;
  readonly operationType: 'upsert' | 'delete';
  /** Such as `pushSuccess`; absent: no answer came. */
  readonly outcome?: string | undefined;
  readonly statusCode?: number | undefined;
  readonly message?: string | undefined;
  /** Ms after the call began. */
  readonly answeredAfterMs?: number | undefined;
  readonly retryAfterMs?: number | undefined;
  /** False: provably no byte left. */
  readonly dispatched?: boolean | undefined;
  readonly noConnection?: boolean | undefined;
  readonly timedOut?: boolean | undefined;
  /** The server's own word for a refusal. */
  readonly code?: string | undefined;
  readonly serverDeleted?: boolean | undefined;
  /**
   * Of the operation itself: whether it brings the row into being, names of the fields it changes, the version it saw,
   * and when the user acted.
   */
  readonly creates?: boolean | undefined;
  readonly changedFields?: readonly string[] | undefined;
  readonly baseUpdatedAt?: string | undefined;
  readonly localTimestamp?: string | undefined;
}

/** What an adapter threw, as far as the engine looks at it. */
export interface CallFailure {
  /** Such as `NetworkError`. */
  readonly name: string;
  readonly statusCode?: number | undefined;
  readonly retryAfterMs?: number | undefined;
  readonly timedOut?: boolean | undefined;
}

/** A call of the transport; written when it ends. */
export interface RequestEntry extends EntryStamp {
  readonly type: 'request';
  readonly method: 'pull' | 'push' | 'forcePush' | 'fetch' | 'health';
  readonly startedAt: number;
  readonly tookMs: number;
  readonly runId?: number | undefined;
  readonly kind?: string | undefined;
  readonly entityId?: string | undefined;
  /** `ok`, `failed` (it threw), `aborted`. */
  readonly result: 'ok' | 'failed' | 'aborted';
  readonly error?: string | undefined;
  /** Of what kind the error is. */
  readonly failure?: CallFailure | undefined;
  /** The answer to a health check. */
  readonly healthy?: boolean | undefined;
  /** Where a pull began: the cursor's server timestamp. */
  readonly since?: string | undefined;
  /** Rows of a pulled page. */
  readonly rows?: number | undefined;
  readonly bytes?: number | undefined;
  readonly hasMore?: boolean | undefined;
  /** Of a push. */
  readonly operations?: readonly AnsweredOperation[] | undefined;
  /** The faults of the panel that acted on it. */
  readonly faults?: readonly string[] | undefined;
}

/** Somebody used the panel. */
export interface CommandEntry extends EntryStamp {
  readonly type: 'command';
  readonly command: string;
  readonly input: JsonObject;
  readonly ok: boolean;
  readonly error?: string | undefined;
  readonly result?: Json | undefined;
}

/** One line of the inspection log. JSON throughout. */
export type LogEntry = TransitionEntry | EventEntry | RequestEntry | CommandEntry;
export type LogEntryType = LogEntry['type'];
