import { epochTimestamp } from '../../model/cursor.ts';
import type { JsonObject } from '../../model/values/json.ts';
import { deleteOp, upsertOp, type DeleteOp, type Op, type UpsertOp } from '../../model/operation.ts';
import type { PullPage, PushResult } from '../../model/transport.ts';
import type { ConformanceServer, ConformanceSubject } from './conformance-subject.ts';

/** The operations that the cases perform on a transport. */
export interface ConformanceClient {
  readonly kind: string;
  upsert(id: string, title: string, baseUpdatedAt?: string): UpsertOp;
  remove(id: string, baseUpdatedAt?: string): DeleteOp;
  push(op: Op): Promise<PushResult>;
  /** Pushes an operation and returns the row of the answer. Fails on anything but success. */
  write(op: Op): Promise<JsonObject>;
  /** The title of the row on the server; undefined if there is none, or a tombstone. */
  titleOf(id: string): Promise<string | undefined>;
  pullAll(options?: PullAllOptions): Promise<readonly JsonObject[]>;
  pull(): Promise<PullPage>;
}

interface PullAllOptions {
  readonly pageSize?: number;
  readonly includeDeleted?: boolean;
  readonly since?: { readonly updatedSince: string; readonly afterId?: string };
  /** Called with each page, before the next one is requested. */
  readonly onPage?: (page: PullPage, index: number) => void | Promise<void>;
}

/** Pulls as the engine does: by tokens if there are any, otherwise by timestamp and id (PROTOCOL §2). */
export function conformanceClient({ transport, kind = 'todos' }: ConformanceSubject): ConformanceClient {
  const push = async (op: Op): Promise<PushResult> =>
    (await transport.push([op], {})).results[0]?.result ?? fails('the push gave no result');
  return {
    kind,
    push,
    upsert: (id, title, baseUpdatedAt) => upsertOp({ kind, id, payload: { title }, baseUpdatedAt }),
    remove: (id, baseUpdatedAt) => deleteOp({ kind, id, baseUpdatedAt }),
    write: async (op) => rowOf(await push(op)),
    titleOf: async (id) => {
      const found = await transport.fetch({ kind, id });
      if (found.type === 'fetchError') return fails(`the fetch of ${id} failed: ${String(found.error)}`);
      return found.type === 'fetchNotFound' || isDeleted(found.data) ? undefined : String(found.data['title']);
    },
    pull: () => transport.pull({ kind, updatedSince: epochTimestamp, pageSize: 10, includeDeleted: true }),
    pullAll: async ({
      pageSize = 100,
      includeDeleted = true,
      since = { updatedSince: epochTimestamp },
      onPage,
    } = {}) => {
      const rows: JsonObject[] = [];
      let start = since;
      let token: string | undefined;
      for (let pages = 0; pages < 200; pages += 1) {
        const page = await transport.pull({ kind, pageSize, includeDeleted, ...start, pageToken: token });
        await onPage?.(page, pages);
        rows.push(...page.items);
        const last = page.items.at(-1);
        if (page.nextPageToken === undefined && (token !== undefined || last === undefined || page.hasMore === false))
          return rows;
        token = page.nextPageToken;
        if (token === undefined && last !== undefined) start = cursorAfter(last);
      }
      return fails('the pull never came to an end');
    },
  };
}

/** The position from which a pull continues after this row. */
export const cursorAfter = (row: JsonObject): { updatedSince: string; afterId: string } => ({
  updatedSince: versionOf(row),
  afterId: String(row['id']),
});

/** The row's timestamp, verbatim. */
export const versionOf = (row: JsonObject): string => String(row['updatedAt'] ?? row['updated_at'] ?? '');

export const isDeleted = (row: JsonObject): boolean => (row['deletedAt'] ?? row['deleted_at'] ?? null) !== null;

export function rowOf(result: PushResult): JsonObject {
  if (result.type !== 'pushSuccess') return fails(`expected success, got ${describe(result)}`);
  return result.serverData ?? fails('expected the stored row in the answer');
}

export function fails(message: string): never {
  throw new Error(message);
}

export function holds(condition: boolean, message: string): void {
  if (!condition) fails(`expected: ${message}`);
}

export function same(actual: unknown, expected: string | number | boolean | undefined, what: string): void {
  if (actual !== expected) fails(`${what}: expected ${String(expected)}, got ${String(actual)}`);
}

/** Fails unless the result has one of these types. */
export function isOf(result: PushResult | undefined, types: readonly PushResult['type'][], what: string): void {
  if (result === undefined || !types.includes(result.type))
    fails(`${what}: expected ${types.join(' or ')}, got ${result === undefined ? 'nothing' : describe(result)}`);
}

const describe = (result: PushResult): string =>
  'message' in result ? `${result.type} (${result.message})` : result.type;

/** The error that a promise rejects with. Fails if it resolves. */
export async function rejectionOf(promise: Promise<unknown>, what: string): Promise<Error> {
  const outcome = await promise.then(
    () => undefined,
    (error: unknown) => (error instanceof Error ? error : new Error(String(error))),
  );
  return outcome ?? fails(`${what}: expected a rejection`);
}

/** Fails unless the promise settles within this real time, in ms. */
export async function settlesWithin<T>(limitMs: number, promise: Promise<T>, what: string): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what}: expected it to settle within ${limitMs} ms`)), limitMs);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** A switch of the subject's server. Its absence fails with the remedy. */
export function switchOf<Name extends keyof ConformanceServer>(
  { server }: ConformanceSubject,
  name: Name,
): NonNullable<ConformanceServer[Name]> {
  return (
    server?.[name] ?? fails(`the subject has no server.${name}; give it, or name what the backend cannot do in 'lacks'`)
  );
}
