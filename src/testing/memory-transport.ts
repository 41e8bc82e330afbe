import { isJsonObject, type Json, type JsonObject } from '../model/values/json.ts';
import { NetworkError, TransportError } from '../model/errors/errors.ts';
import { toWireDeltas } from '../model/values/delta.ts';
import { requestIdOf, type Op } from '../model/operation.ts';
import {
  fetchError,
  fetchNotFound,
  fetchSuccess,
  pushAmbiguous,
  pushConflict,
  pushForbidden,
  pushNotFound,
  pushRejected,
  pushSuccess,
  pushThrottled,
  pushUnauthorized,
  pushUnavailable,
  type BatchPushResult,
  type FetchResult,
  type OpPushResult,
  type PullPage,
  type PullRequest,
  type PushContext,
  type PushResult,
  type RefusalWords,
  type Subscribable,
  type TransportAdapter,
  type TransportCapabilities,
  type TransportContext,
} from '../model/transport.ts';
import { deltaRequestOf } from '../rules/pending/deltas.ts';
import type { WireAnswer, WriteRequest } from '../server/wire-rules.ts';
import { anObject, timeOrNever } from '../model/options/bounds.ts';
import { completeOptions, ownedBy, pickOptions } from '../model/options/complete-options.ts';
import { byDefault, optional, type OptionList } from '../model/options/option-list.ts';
import { aBackend, MemoryBackend, memoryBackendOptions, type MemoryBackendOptions } from './memory-backend.ts';

export interface MemoryTransportOptions extends MemoryBackendOptions {
  /** The server of this client; several clients may share one. @defaultValue its own, from the other options */
  readonly backend?: MemoryBackend;
  /** The capabilities that the transport declares. @defaultValue idempotency by key, nothing else */
  readonly capabilities?: TransportCapabilities;
  /** Announced with each page. */
  readonly tombstoneRetentionMs?: number;
}

/** Defaults and bounds of {@link MemoryTransportOptions}. */
export const memoryTransportOptions = {
  backend: optional(aBackend),
  capabilities: byDefault({ idempotency: 'key' }, anObject),
  tombstoneRetentionMs: optional(timeOrNever(0)),
  ...memoryBackendOptions,
} satisfies OptionList<MemoryTransportOptions>;

/** A call that reached the transport, in order. */
export interface TransportCall {
  readonly type: 'pull' | 'push' | 'forcePush' | 'fetch' | 'health';
  readonly kind?: string;
  readonly ids?: readonly string[];
}

/**
 * Talks to a {@link MemoryBackend} like a transport to a server: conflicts, idempotency by request id, tombstones,
 * paging. Uses neither time nor randomness, so a test with it always runs in the same way.
 */
export class MemoryTransport implements TransportAdapter {
  readonly backend: MemoryBackend;
  readonly capabilities: TransportCapabilities;
  /** All calls, oldest first. */
  readonly calls: TransportCall[] = [];
  readonly #tombstoneRetentionMs: number | undefined;

  constructor(options: MemoryTransportOptions = {}) {
    const { capabilities } = completeOptions<MemoryTransportOptions, typeof memoryTransportOptions>(
      ownedBy('MemoryTransport'),
      memoryTransportOptions,
      options,
    );
    this.backend =
      options.backend ?? new MemoryBackend(pickOptions<MemoryBackendOptions>(memoryBackendOptions, options));
    this.capabilities = capabilities;
    this.#tombstoneRetentionMs = options.tombstoneRetentionMs;
  }

  async pull(request: PullRequest): Promise<PullPage> {
    this.calls.push({ type: 'pull', kind: request.kind });
    await Promise.resolve();
    if (request.signal?.aborted === true) throw new NetworkError(`the pull of ${request.kind} was aborted`);
    const page = this.backend.list(request.kind, { ...request, limit: request.pageSize });
    if (page === undefined) throw TransportError.httpError(400, '{"error":"invalid_page_token"}');
    return {
      ...structuredClone(page),
      ...(this.backend.pageCap === undefined || !this.backend.announcePageCap
        ? {}
        : { pageLimit: this.backend.pageCap }),
      ...(this.#tombstoneRetentionMs === undefined ? {} : { tombstoneRetentionMs: this.#tombstoneRetentionMs }),
    };
  }

  async push(ops: readonly Op[], context: PushContext): Promise<BatchPushResult> {
    this.calls.push({ type: 'push', ids: ops.map(({ id }) => id) });
    const results: OpPushResult[] = [];
    for (const op of ops) {
      const answer = { opId: op.opId, result: await this.#send(op, op.force === true, context) };
      results.push(answer);
      context.onAnswer?.(answer);
    }
    return { results };
  }

  async forcePush(op: Op, context: PushContext): Promise<PushResult> {
    this.calls.push({ type: 'forcePush', kind: op.kind, ids: [op.id] });
    return this.#send(op, true, context);
  }

  async fetch(request: {
    readonly kind: string;
    readonly id: string;
    readonly signal?: AbortSignal | undefined;
  }): Promise<FetchResult> {
    this.calls.push({ type: 'fetch', kind: request.kind, ids: [request.id] });
    await Promise.resolve();
    if (request.signal?.aborted === true)
      return fetchError(new NetworkError(`the fetch of ${request.kind}/${request.id} was aborted`));
    const answer = this.backend.fetch(request.kind, request.id);
    return answer.status === 200 && answer.body !== undefined
      ? fetchSuccess(structuredClone(answer.body), answer.version)
      : fetchNotFound();
  }

  async health(context: TransportContext): Promise<boolean> {
    this.calls.push({ type: 'health' });
    await Promise.resolve();
    return context.signal?.aborted !== true;
  }

  subscribe(kinds: readonly string[]): Subscribable<{ readonly kinds: readonly string[] }> {
    return {
      subscribe: (observer) => ({
        unsubscribe: this.backend.onChange((kind) => {
          if (kinds.includes(kind)) observer.next({ kinds: [kind] });
        }),
      }),
    };
  }

  async #send(op: Op, force: boolean, context: TransportContext): Promise<PushResult> {
    await Promise.resolve();
    if (context.signal?.aborted === true)
      return pushUnavailable({ dispatched: false, message: `${op.kind}/${op.id} was not sent: aborted` });
    return toPushResult(this.backend.write(toWriteRequest(op, force, this.capabilities)));
  }
}

/** Builds the write of an operation according to PROTOCOL §3 and §4. */
export function toWriteRequest(op: Op, force: boolean, capabilities: TransportCapabilities): WriteRequest {
  const deltas = capabilities.deltas === true && !force ? deltaRequestOf(op) : undefined;
  const conditional = capabilities.conditionalWrite === true && !force && deltas?.conditional !== false;
  return {
    type: op.type,
    kind: op.kind,
    id: op.id,
    payload: op.type === 'upsert' ? structuredClone(deltas?.payload ?? op.payload) : undefined,
    deltas: deltas === undefined ? undefined : structuredClone(toWireDeltas(deltas.deltas)),
    base: force || deltas?.conditional === false ? undefined : op.baseUpdatedAt,
    force,
    key: capabilities.idempotency === 'none' ? undefined : requestIdOf(op),
    createOnly: conditional && op.creates && op.baseUpdatedAt === undefined,
    ifMatch: conditional ? op.baseVersion : undefined,
  };
}

/** Reads a server's answer to a push according to PROTOCOL §3. Never throws. */
export function toPushResult(answer: WireAnswer): PushResult {
  const { status, version } = answer;
  const body = answer.body === undefined ? undefined : structuredClone(answer.body);
  const message = typeof body?.['message'] === 'string' ? body['message'] : `the server answered ${status}`;
  if (status >= 200 && status < 300) return pushSuccess({ serverData: body, serverVersion: version });
  if (status === 409 || status === 412) return conflictResult(status, body, version);
  if (status === 404 || status === 410) return pushNotFound(status, wordsOf(body));
  if (status === 401) return pushUnauthorized(message);
  if (status === 403) return pushForbidden(message);
  if (status === 429) return pushThrottled({ message });
  if (status === 408 || status === 425) return pushAmbiguous({ message, timedOut: true });
  if (status >= 500) return pushUnavailable({ dispatched: true, statusCode: status, message });
  return pushRejected({ statusCode: status, ...wordsOf(body), message });
}

function wordsOf(body: JsonObject | undefined): Omit<RefusalWords, 'statusCode'> {
  const [code, message] = [body?.['error'], body?.['message']];
  return {
    code: typeof code === 'string' ? code : undefined,
    message: typeof message === 'string' ? message : undefined,
    fields: fieldsOf(body?.['fields']),
  };
}

function conflictResult(statusCode: number, body: JsonObject | undefined, version: string | undefined): PushResult {
  const current = body?.['current'];
  const row = isJsonObject(current) ? current : undefined;
  const timestamp = body?.['serverTimestamp'];
  return pushConflict({
    statusCode,
    ...wordsOf(body),
    serverData: row,
    serverTimestamp: typeof timestamp === 'string' || typeof timestamp === 'number' ? String(timestamp) : undefined,
    serverVersion: version,
    serverDeleted: row !== undefined && (row['deletedAt'] ?? row['deleted_at'] ?? null) !== null,
  });
}

const fieldsOf = (value: Json | undefined): Record<string, string> | undefined =>
  isJsonObject(value)
    ? Object.fromEntries(Object.entries(value).map(([key, reason]) => [key, String(reason)]))
    : undefined;
