/** Rises when a client and a host of different versions would misunderstand each other. */
export const protocolVersion = 2;

/** What a parameter or a column may hold. All of it survives structured cloning. */
export type WireValue = null | string | number | bigint | boolean | Uint8Array;

/**
 * The release of an app as the database sees it. `sync` and `app` are the timestamps of the latest migration of the
 * sync tables and of the app's own; 0 where there is none.
 */
export interface Release {
  readonly protocol: number;
  readonly sync: number;
  readonly app: number;
}

/** What one statement gave. */
export interface StatementResult {
  readonly rows: readonly unknown[];
  readonly changes: number;
  readonly lastInsertRowId: number;
}

/** An error as a plain object. `revive-error.ts` makes it an instance of its class again. */
export interface WireError {
  readonly name: string;
  readonly message: string;
  readonly code?: string;
  readonly resultCode?: number;
  readonly mayBeWritten?: boolean;
  readonly cause?: WireError;
}

/** What a commit wrote: SQL names of tables in lower case, and where rows were removed or changed. */
export interface WireWrites {
  readonly tables: readonly string[];
  readonly removed: readonly string[];
  readonly updated: readonly string[];
  readonly enqueued: boolean;
  /** A statement was not understood: any table may have changed. */
  readonly isAll: boolean;
}

/** A write that is stored, with what its statement gave; a COMMIT gave nothing. */
export interface AppliedWrite {
  readonly write: number;
  readonly result: StatementResult;
}

/** A statement inside a transaction whose result nobody reads. */
export interface Step {
  readonly sql: string;
  readonly parameters: readonly WireValue[];
}

/**
 * What a call of a transaction carries out before its own statement, so that it costs no message. `begin` opens the
 * transaction first. The call ends with the first failure, and the host rolls the transaction back.
 */
export interface Lead {
  readonly begin?: { readonly foreignKeys: boolean };
  readonly steps: readonly Step[];
}

/**
 * `query` runs inside the open transaction, or only reads. `write` is a single writing statement, which the host puts
 * into a transaction of its own together with the mark of its write id. `foreignKeys` is the client's setting: it comes
 * with each message, because a host that takes over does not know it.
 */
export type Operation =
  | { readonly op: 'begin'; readonly tx: number; readonly exclusive: boolean; readonly foreignKeys: boolean }
  | {
      readonly op: 'query';
      readonly tx?: number;
      readonly lead?: Lead;
      readonly sql: string;
      readonly parameters: readonly WireValue[];
    }
  | {
      readonly op: 'write';
      readonly write: number;
      readonly settledWrites: number;
      readonly foreignKeys: boolean;
      readonly sql: string;
      readonly parameters: readonly WireValue[];
    }
  | {
      readonly op: 'commit';
      readonly tx: number;
      readonly lead?: Lead;
      readonly write: number;
      readonly settledWrites: number;
    }
  | { readonly op: 'rollback'; readonly tx: number };

/**
 * `id` rises by one with each call of a client. All calls below `settled` have their answer, all writes below
 * `settledWrites` too: the host may forget them.
 */
export interface CallMessage {
  readonly synchart: 'rpc';
  readonly type: 'call';
  readonly id: number;
  readonly settled: number;
  readonly operation: Operation;
}

/** Opens a session, or goes on with one at another host. Asks for the fate of writes whose answer is missing. */
export interface HelloMessage {
  readonly synchart: 'rpc';
  readonly type: 'hello';
  /** Comes back in the answer: an answer to an earlier hello is ignored. */
  readonly attempt: number;
  readonly clientId: string;
  readonly release: Release;
  readonly unanswered: readonly number[];
}

export type ClientMessage =
  | HelloMessage
  | CallMessage
  /** Asks for a sign of life. */
  | { readonly synchart: 'rpc'; readonly type: 'ping' }
  /** Ends the session: what is open is rolled back. */
  | { readonly synchart: 'rpc'; readonly type: 'bye' };

export interface AnswerMessage {
  readonly synchart: 'rpc';
  readonly type: 'answer';
  readonly id: number;
  readonly result?: StatementResult;
  readonly error?: WireError;
  /** Whether the client's transaction is open now. */
  readonly open: boolean;
}

export type HostMessage =
  | AnswerMessage
  | {
      readonly synchart: 'rpc';
      readonly type: 'welcome';
      readonly attempt: number;
      readonly hostId: string;
      readonly protocol: number;
      readonly applied: readonly AppliedWrite[];
    }
  /** The session is not opened. The fate of the unanswered writes is told all the same. */
  | {
      readonly synchart: 'rpc';
      readonly type: 'refused';
      readonly attempt: number;
      readonly error: WireError;
      readonly applied: readonly AppliedWrite[];
    }
  | { readonly synchart: 'rpc'; readonly type: 'pong' }
  /** The host does not know this client: it has to say hello (again). */
  | { readonly synchart: 'rpc'; readonly type: 'unknown' }
  /** The host hands over: an open transaction may end, everything else waits for the next host. */
  | { readonly synchart: 'rpc'; readonly type: 'leaving' }
  /** A message could not be understood; it had no id that an answer could name. */
  | { readonly synchart: 'rpc'; readonly type: 'rejected'; readonly error: WireError }
  /** Somebody else has committed. */
  | { readonly synchart: 'rpc'; readonly type: 'committed'; readonly by: string; readonly writes: WireWrites };

/** A message before it is enveloped. */
export type Unsent<Message> = Message extends unknown ? Omit<Message, 'synchart'> : never;
