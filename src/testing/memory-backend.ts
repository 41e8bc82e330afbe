import type { Json, JsonObject } from '../model/values/json.ts';
import { aFlag, aFunction, objectWith, oneOf, wholeFrom, type Bounds } from '../model/options/bounds.ts';
import { completeOptions, ownedBy } from '../model/options/complete-options.ts';
import { byDefault, optional, type OptionList } from '../model/options/option-list.ts';
import { nextToken, pageStart, pagingStyles, type PageQuery, type PagingStyle } from '../server/paging.ts';
import { formatMicros } from '../server/server-timestamp.ts';
import {
  conflictAnswer,
  decideDelete,
  decideUpsert,
  effectOfDeltas,
  idempotencyMismatch,
  idProblem,
  isRemembered,
  namesRow,
  refusal,
  requestFingerprint,
  type StoredVersion,
  type WireAnswer,
  type WriteRequest,
} from '../server/wire-rules.ts';
import { BackendRows, idOrders, type BackendRow, type IdOrder } from './backend-rows.ts';
import { namingOf, rowKeys, withoutSyncFields, type RowKeys, type RowNaming } from './row-keys.ts';
import { forbiddenKeyIn } from '../model/values/forbidden-keys.ts';
import { randomId } from '../model/platform/random-id.ts';
import { boundsRefusal } from '../server/request-bounds.ts';

export interface MemoryBackendOptions {
  /** Spelling of the sync fields. @defaultValue as the first row of a kind that has them, else `camelCase` */
  readonly naming?: RowNaming;
  /** The paging style. @defaultValue `keyset` */
  readonly paging?: PagingStyle;
  /** Adds `hasMore` to pages. @defaultValue false */
  readonly hasMore?: boolean;
  /** Maximum number of rows per page, whatever the client requests. */
  readonly pageCap?: number;
  /** Sends `X-Page-Limit` if there is a page cap. @defaultValue true */
  readonly announcePageCap?: boolean;
  /** Maximum size of the rows of a page in bytes; one row always fits. */
  readonly pageCapBytes?: number;
  /** The order of rows with the same timestamp. @defaultValue `text` */
  readonly idOrder?: IdOrder;
  /** `hard` removes rows without a tombstone. @defaultValue `soft` */
  readonly deletes?: 'soft' | 'hard';
  /** Supplies timestamps for rows that have none, as epoch ms. @defaultValue `Date.now` */
  readonly now?: () => number;
}

/** A backend shared by several clients. */
export const aBackend: Bounds = objectWith('a MemoryBackend', 'list', 'write', 'fetch');

/** Defaults and bounds of {@link MemoryBackendOptions}. */
export const memoryBackendOptions = {
  naming: optional(oneOf(...Object.keys(rowKeys))),
  paging: byDefault('keyset', oneOf(...pagingStyles)),
  hasMore: byDefault(false, aFlag),
  pageCap: optional(wholeFrom(1)),
  announcePageCap: byDefault(true, aFlag),
  pageCapBytes: optional(wholeFrom(1)),
  idOrder: byDefault('text', oneOf(...idOrders)),
  deletes: byDefault('soft', oneOf('soft', 'hard')),
  now: byDefault(() => Date.now(), aFunction),
} satisfies OptionList<MemoryBackendOptions>;

/** An executed change, in contrast to a repeated request that was answered from memory. */
export interface AppliedEffect {
  readonly type: 'upsert' | 'delete';
  readonly kind: string;
  readonly id: string;
  /** The idempotency key of its request. */
  readonly key: string | undefined;
  readonly force: boolean;
}

export interface BackendPage {
  readonly items: readonly JsonObject[];
  readonly nextPageToken?: string;
  readonly hasMore?: boolean;
}

/** Refuses a write. The answer is stored under the key like any 422. */
export type WriteRule = (request: WriteRequest) => WireAnswer | undefined;

interface Remembered {
  readonly fingerprint: string;
  readonly answer: WireAnswer;
}

/**
 * Stores rows of any kinds and answers like a sync server (PROTOCOL §9), without HTTP. Synchronous, so each write is
 * one atomic step. Switches may be changed at any time.
 */
export class MemoryBackend {
  conflictCheckEnabled = true;
  paging: PagingStyle;
  hasMore: boolean;
  pageCap: number | undefined;
  announcePageCap: boolean;
  pageCapBytes: number | undefined;
  idOrder: IdOrder;
  deletes: 'soft' | 'hard';
  /** Executed changes, oldest first. */
  readonly effects: AppliedEffect[] = [];

  readonly #naming: RowNaming | undefined;
  readonly #now: () => number;
  readonly #kinds = new Map<string, { rows: BackendRows; naming: RowNaming | undefined }>();
  readonly #remembered = new Map<string, Remembered>();
  readonly #rules = new Set<WriteRule>();
  readonly #listeners = new Set<(kind: string) => void>();
  /** The rows for list requests while lists are held. */
  #held: ReadonlyMap<string, BackendRows> | undefined;
  #clock: (() => string | number) | undefined;
  #lastMicros = 0;
  #behindMs = 0;
  #sequence = 0;

  constructor(options: MemoryBackendOptions = {}) {
    const settings = completeOptions<MemoryBackendOptions, typeof memoryBackendOptions>(
      ownedBy('MemoryBackend'),
      memoryBackendOptions,
      options,
    );
    this.#naming = settings.naming;
    this.#now = settings.now;
    this.paging = settings.paging;
    this.hasMore = settings.hasMore;
    this.pageCap = settings.pageCap;
    this.announcePageCap = settings.announcePageCap;
    this.pageCapBytes = settings.pageCapBytes;
    this.idOrder = settings.idOrder;
    this.deletes = settings.deletes;
  }

  // ── What a test does behind the clients' backs ────────────────────────────────────────────────────────────────────

  /** Stores rows unchanged, except that it fills in missing updated and created times. The version starts at 1. */
  seed(kind: string, rows: JsonObject | readonly JsonObject[]): void {
    for (const row of Array.isArray(rows) ? (rows as readonly JsonObject[]) : [rows as JsonObject]) {
      const table = this.#table(kind);
      table.naming ??= this.#naming ?? namingOf(row);
      const keys = this.keysOf(kind);
      const updatedAt = timeOf(row[keys.updatedAt]) ?? this.stamp();
      const data = {
        ...row,
        [keys.id]: row[keys.id] ?? randomId(),
        [keys.createdAt]: row[keys.createdAt] ?? updatedAt,
        [keys.updatedAt]: updatedAt,
      };
      const id = String(data[keys.id]);
      this.#put(kind, { id, data, updatedAt, deleted: (row[keys.deletedAt] ?? null) !== null, version: 1 });
    }
    this.#announce(kind);
  }

  /**
   * Merges fields into a row like another client: sets a new timestamp unless one is given, and increments the version.
   */
  update(kind: string, id: string, data: JsonObject): JsonObject {
    const stored = this.#row(kind, id);
    if (stored === undefined) throw new Error(`cannot update ${kind}/${id}: there is no such row`);
    const keys = this.keysOf(kind);
    const updatedAt = timeOf(data[keys.updatedAt]) ?? this.stamp();
    const merged = { ...stored.data, ...data, [keys.updatedAt]: updatedAt };
    this.#put(kind, {
      id,
      data: merged,
      updatedAt,
      deleted: (merged[keys.deletedAt] ?? null) !== null,
      version: stored.version + 1,
    });
    this.#announce(kind);
    return merged;
  }

  /** The stored row; a tombstone only on request. */
  get(kind: string, id: string, options: { readonly includeDeleted?: boolean } = {}): JsonObject | undefined {
    const row = this.#row(kind, id);
    return row === undefined || (row.deleted && options.includeDeleted !== true) ? undefined : row.data;
  }

  /** All rows of a kind in order of creation. */
  getAll(kind: string, options: { readonly includeDeleted?: boolean } = {}): JsonObject[] {
    const rows = this.#kinds.get(kind)?.rows.all() ?? [];
    return rows.filter((row) => !row.deleted || options.includeDeleted === true).map((row) => row.data);
  }

  /** Removes a row without a tombstone, so that only a full resync can detect it. */
  remove(kind: string, id: string): boolean {
    const removed = this.#table(kind).rows.remove(id);
    this.#announce(kind);
    return removed;
  }

  /** Marks a row as deleted, like another client's DELETE. */
  softDelete(kind: string, id: string): JsonObject {
    const at = this.stamp();
    const keys = this.keysOf(kind);
    return this.update(kind, id, { [keys.deletedAt]: at, [keys.updatedAt]: at });
  }

  /** Deletes rows, stored answers and effects; keeps the switches. */
  clear(): void {
    for (const { rows } of this.#kinds.values()) rows.clear();
    this.#remembered.clear();
    this.effects.length = 0;
  }

  /**
   * Sets what the server writes into updated_at: any text or number, including equal ones. Undefined: strictly
   * increasing microseconds.
   */
  setClock(clock: (() => string | number) | undefined): void {
    this.#clock = clock;
  }

  /** Sets the server's clock back. Later writes get older times than existing rows. */
  turnBack(ms: number): void {
    this.#behindMs += ms;
    this.#lastMicros = 0;
  }

  /**
   * Answers lists from the current rows until {@link releaseLists}, like a lagging read replica. Single reads and
   * writes continue normally.
   */
  holdLists(): void {
    this.#held = new Map([...this.#kinds].map(([kind, { rows }]) => [kind, rows.copy()]));
  }

  /** Ends the lag of lists. */
  releaseLists(): void {
    this.#held = undefined;
  }

  /** Makes the server forget the requests it has seen, as after its retention period. */
  forgetIdempotencyKeys(): void {
    this.#remembered.clear();
  }

  /** Lets a rule check each write first. Returns a function that removes the rule. */
  addRule(rule: WriteRule): () => void {
    this.#rules.add(rule);
    return () => this.#rules.delete(rule);
  }

  /** Counts executed changes by key or entity: 1 proves "applied once" (I2). */
  effectCount(
    filter: {
      readonly key?: string;
      readonly kind?: string;
      readonly id?: string;
      readonly type?: 'upsert' | 'delete';
    } = {},
  ): number {
    return this.effects.filter((effect) =>
      Object.entries(filter).every(([name, value]) => effect[name as keyof AppliedEffect] === value),
    ).length;
  }

  /** Version of a row, starting at 1; its ETag. */
  versionOf(kind: string, id: string): number | undefined {
    return this.#row(kind, id)?.version;
  }

  /** Calls the listener with the kind after each change. Returns a function that unsubscribes. */
  onChange(listener: (kind: string) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  keysOf(kind: string): RowKeys {
    return rowKeys[this.#kinds.get(kind)?.naming ?? this.#naming ?? 'camelCase'];
  }

  /** The server's clock, epoch ms. */
  now(): number {
    return this.#now() - this.#behindMs;
  }

  /** The next value for updated_at. */
  stamp(): string | number {
    if (this.#clock !== undefined) return this.#clock();
    // Offset by half a millisecond from values before the clock went back, so that no two versions are equal.
    const now = Math.floor(this.now()) * 1000 + (this.#behindMs > 0 ? 500 : 0);
    this.#lastMicros = Math.max(this.#lastMicros + 1, now);
    return formatMicros(this.#lastMicros);
  }

  // ── What clients ask ──────────────────────────────────────────────────────────────────────────────────────────────

  /** One page; undefined for an unknown token. */
  list(kind: string, query: PageQuery): BackendPage | undefined {
    const start = pageStart(this.paging, query);
    if (start === undefined) return undefined;
    if (start.emptyWithToken !== undefined)
      return { items: [], nextPageToken: start.emptyWithToken, ...(this.hasMore ? { hasMore: true } : {}) };
    const limit = Math.min(query.limit, this.pageCap ?? query.limit);
    const page: BackendRow[] = [];
    let more = false;
    let bytes = 0;
    const rows = this.#held === undefined ? this.#table(kind).rows : this.#held.get(kind);
    for (const row of rows?.from(start, query.includeDeleted) ?? []) {
      bytes += this.pageCapBytes === undefined ? 0 : JSON.stringify(row.data).length;
      if (page.length === limit || (page.length > 0 && bytes > (this.pageCapBytes ?? Infinity))) {
        more = true;
        break;
      }
      page.push(row);
    }
    const last = page.at(-1);
    const token =
      last === undefined
        ? undefined
        : nextToken(this.paging, start, { size: page.length, lastTs: String(last.updatedAt), lastId: last.id, more });
    return {
      items: page.map((row) => row.data),
      ...(token === undefined ? {} : { nextPageToken: token }),
      ...(this.hasMore ? { hasMore: more } : {}),
    };
  }

  fetch(kind: string, id: string): WireAnswer {
    const row = this.#row(kind, id);
    if (row === undefined) return refusal(404, 'not_found', `there is no ${kind}/${id}`);
    return { status: 200, body: row.data, version: String(row.version) };
  }

  /** Executes one write in one step: rules, stored answers, conflict check, effect, storing the answer. */
  write(request: WriteRequest): WireAnswer {
    const unfit = boundsRefusal(request);
    if (unfit !== undefined) return unfit;
    const known = request.key === undefined ? undefined : this.#remembered.get(request.key);
    const fingerprint = request.key === undefined ? '' : requestFingerprint(request);
    if (request.key !== undefined && known !== undefined)
      return known.fingerprint === fingerprint ? known.answer : idempotencyMismatch(request.key);
    const answer = this.#judge(request) ?? (request.type === 'upsert' ? this.#upsert(request) : this.#delete(request));
    if (request.key !== undefined && isRemembered(request.type, answer.status))
      this.#remembered.set(request.key, { fingerprint, answer });
    return answer;
  }

  #judge(request: WriteRequest): WireAnswer | undefined {
    const problem = idProblem(request.id);
    if (problem !== undefined) return refusal(400, 'invalid_id', problem);
    const forbidden = forbiddenKeyIn(request.payload ?? null);
    if (forbidden !== undefined)
      return refusal(422, 'validation', `the field ${forbidden} is not accepted`, { [forbidden]: 'not accepted' });
    if (!namesRow(request.payload?.[this.keysOf(request.kind).id], request.id)) {
      return refusal(422, 'validation', `the id in the body differs from ${request.id} in the path`, {
        [this.keysOf(request.kind).id]: 'differs from the path',
      });
    }
    for (const rule of this.#rules) {
      const answer = rule(request);
      if (answer !== undefined) return answer;
    }
    return undefined;
  }

  #upsert(request: WriteRequest): WireAnswer {
    const { kind, id } = request;
    const table = this.#table(kind);
    table.naming ??= this.#naming ?? namingOf(request.payload ?? {});
    const stored = this.#row(kind, id);
    const decision = decideUpsert(storedVersion(stored), this.#unchecked(request));
    if (decision === 'notFound') return refusal(404, 'not_found', `there is no ${kind}/${id}`);
    if (decision === 'conflict' || decision === 'preconditionFailed') return this.#conflict(decision, stored);
    const keys = this.keysOf(kind);
    const deltas = effectOfDeltas(request, stored?.data ?? {}, Object.values(keys));
    if ('refused' in deltas) return deltas.refused;
    const updatedAt = this.stamp();
    const data = {
      ...stored?.data,
      ...withoutSyncFields(request.payload ?? {}, keys),
      ...deltas.values,
      [keys.id]: stored?.data[keys.id] ?? request.payload?.[keys.id] ?? id,
      [keys.createdAt]: stored?.data[keys.createdAt] ?? updatedAt,
      [keys.updatedAt]: updatedAt,
      ...(stored !== undefined && Object.hasOwn(stored.data, keys.deletedAt) ? { [keys.deletedAt]: null } : {}),
    };
    const version = (stored?.version ?? 0) + 1;
    this.#put(kind, { id, data, updatedAt, deleted: false, version });
    this.#note(request);
    return { status: decision === 'create' ? 201 : 200, body: data, version: String(version) };
  }

  #delete(request: WriteRequest): WireAnswer {
    const { kind, id } = request;
    const stored = this.#row(kind, id);
    const decision = decideDelete(storedVersion(stored), this.#unchecked(request));
    if (stored === undefined || decision === 'notFound') return refusal(404, 'not_found', `there is no ${kind}/${id}`);
    if (decision === 'gone') return refusal(410, 'gone', `${kind}/${id} is already deleted`);
    if (decision !== 'delete') return this.#conflict(decision, stored);
    if (this.deletes === 'hard') this.#table(kind).rows.remove(id);
    else {
      const keys = this.keysOf(kind);
      const at = this.stamp();
      this.#put(kind, {
        id,
        data: { ...stored.data, [keys.updatedAt]: at, [keys.deletedAt]: at },
        updatedAt: at,
        deleted: true,
        version: stored.version + 1,
      });
    }
    this.#note(request);
    return { status: 204 };
  }

  #unchecked(request: WriteRequest): WriteRequest {
    return this.conflictCheckEnabled ? request : { ...request, base: undefined, ifMatch: undefined, createOnly: false };
  }

  #conflict(decision: 'conflict' | 'preconditionFailed', stored: BackendRow | undefined): WireAnswer {
    return conflictAnswer(
      decision === 'conflict' ? 409 : 412,
      stored?.data ?? {},
      stored?.updatedAt ?? '',
      String(stored?.version ?? 0),
    );
  }

  #note(request: WriteRequest): void {
    this.effects.push({
      type: request.type,
      kind: request.kind,
      id: request.id,
      key: request.key,
      force: request.force,
    });
    this.#announce(request.kind);
  }

  #announce(kind: string): void {
    for (const listener of this.#listeners) listener(kind);
  }

  #put(kind: string, row: Omit<BackendRow, 'sequence'>): void {
    const { rows } = this.#table(kind);
    this.#sequence += 1;
    rows.put({ ...row, sequence: rows.get(row.id)?.sequence ?? this.#sequence });
  }

  #row(kind: string, id: string): BackendRow | undefined {
    return this.#kinds.get(kind)?.rows.get(id);
  }

  #table(kind: string): { rows: BackendRows; naming: RowNaming | undefined } {
    const known = this.#kinds.get(kind);
    if (known !== undefined) return known;
    const table = { rows: new BackendRows(() => this.idOrder), naming: this.#naming };
    this.#kinds.set(kind, table);
    return table;
  }
}

const timeOf = (value: Json | undefined): string | number | undefined =>
  typeof value === 'string' || typeof value === 'number' ? value : undefined;

const storedVersion = (row: BackendRow | undefined): StoredVersion | undefined =>
  row === undefined
    ? undefined
    : { updatedAt: String(row.updatedAt), version: String(row.version), deleted: row.deleted };
