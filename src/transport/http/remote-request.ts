import type { Json, JsonObject } from '../../model/values/json.ts';

/** Fields of every request. Fields that an action does not use are undefined, false or empty. */
interface Asked {
  /** Empty for `health`. */
  readonly kind: string;
  /** Empty for `list` and `health`. */
  readonly id: string;
  readonly page: undefined;
  readonly payload: undefined;
  readonly deltas: undefined;
  readonly base: undefined;
  readonly force: false;
  readonly key: undefined;
  readonly createOnly: false;
  /** The result of `token()`, verbatim. */
  readonly authorization: string | undefined;
}

/** Fields of all writes. */
interface RemoteWrite extends Omit<Asked, 'base' | 'force' | 'key'> {
  /** The version on which the write is based, verbatim. Undefined: write without a check. */
  readonly base: string | undefined;
  /** Skip the check of `base`. */
  readonly force: boolean;
  /** A repeated key must have no second effect and must return the same answer (I2). */
  readonly key: string;
}

/** Requests a page of rows (PROTOCOL §2). */
export interface RemoteList extends Omit<Asked, 'page'> {
  readonly action: 'list';
  readonly page: RemotePage;
}

/** Writes a row (PROTOCOL §3). */
export interface RemoteUpsert extends Omit<RemoteWrite, 'payload' | 'deltas' | 'createOnly'> {
  readonly action: 'upsert';
  /** The row's fields. Write them with `stringifyJson`, which keeps numbers that JavaScript cannot hold. */
  readonly payload: JsonObject;
  /** Relative changes, with the option `deltas`. */
  readonly deltas: Json | undefined;
  /** With the option `conditionalWrite`: an existing row is a conflict. */
  readonly createOnly: boolean;
}

/** Deletes a row (PROTOCOL §4). */
export interface RemoteDelete extends RemoteWrite {
  readonly action: 'delete';
}

/** Requests one row (PROTOCOL §5). */
export interface RemoteFetch extends Asked {
  readonly action: 'fetch';
}

/** Checks whether the backend is reachable. */
export interface RemoteHealth extends Asked {
  readonly action: 'health';
}

/** One request to a backend in the protocol's terms (PROTOCOL §2–§5), for your own wire. `action` tells which. */
export type RemoteRequest = RemoteList | RemoteUpsert | RemoteDelete | RemoteFetch | RemoteHealth;

/**
 * The rows of a `list` (PROTOCOL §2): changed after `updatedSince`, or at that time and after `afterId`; or the
 * continuation that the token names.
 */
export interface RemotePage {
  readonly updatedSince: string;
  readonly limit: number;
  readonly includeDeleted: boolean;
  readonly afterId?: string;
  readonly pageToken?: string;
}

/**
 * The backend's answer as an HTTP status and a JSON body, or as raw text. Read the body with `parseJson`, which keeps
 * every digit. `version` is the row's ETag.
 */
export interface RemoteAnswer {
  readonly status: number;
  readonly body?: Json | undefined;
  readonly text?: string | undefined;
  readonly version?: string | undefined;
  /** Seconds, or an HTTP date. */
  readonly retryAfter?: string | number | undefined;
  /** The header `Date` of the answer. It tells the engine what time it is at the server. */
  readonly date?: string | undefined;
}
