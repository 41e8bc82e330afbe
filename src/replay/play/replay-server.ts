import type { AnsweredOperation } from '../../devtools/protocol/log-entry.ts';
import type { Conflict } from '../../model/conflict.ts';
import type { JsonObject } from '../../model/values/json.ts';
import type { Op } from '../../model/operation.ts';
import {
  pushConflict,
  pushForbidden,
  pushNotFound,
  pushRejected,
  pushSuccess,
  pushUnauthorized,
  type PullPage,
  type PullRequest,
  type PushResult,
  type TransportCapabilities,
} from '../../model/transport.ts';
import { deepEqual } from '../../rules/values/deep-equal.ts';
import { toPushResult, toWriteRequest } from '../../testing/memory-transport.ts';
import { ModelServer } from '../../simulation/model-server.ts';
import { ownKeys } from '../plan/canonical-row.ts';
import type { KnownRow } from '../plan/known-rows.ts';

/** The recorded server side of a conflict. */
export interface KnownConflict extends Pick<Conflict, 'serverData' | 'serverDeleted'> {
  readonly opId: string;
}

/** The model server of a replay. It returns the recorded answers and keeps the state that they imply. */
export class ReplayServer {
  readonly model: ModelServer;
  readonly #refusals = new Map<string, PushResult>();
  #madeUp = 0;

  constructor(
    now: () => number,
    private readonly capabilities: TransportCapabilities,
    private readonly conflicts: readonly KnownConflict[],
  ) {
    this.model = new ModelServer(
      {
        paging: 'keyset',
        hasMore: false,
        announcePageCap: false,
        idOrder: 'text',
        deletes: 'soft',
        putAnswer: 'row',
        bareConflicts: false,
      },
      now,
    );
  }

  /** Stores a row in its recorded form. Returns its version. */
  seed({ kind, id, fields, version }: KnownRow): string {
    const updatedAt = version ?? String(this.model.backend.stamp());
    this.model.seed(kind, [{ ...fields, id, deletedAt: null, updatedAt }]);
    return updatedAt;
  }

  /** The server's own answer to a write. It keeps refusing what it refused before. */
  write(op: Op, force: boolean): PushResult {
    return (
      this.#refusals.get(entityOf(op)) ??
      toPushResult(this.model.backend.write(toWriteRequest(op, force, this.capabilities)))
    );
  }

  /** Accepts a write as recorded, whatever the invented rows say. */
  apply(op: Op): PushResult {
    this.#refusals.delete(entityOf(op));
    const { backend } = this.model;
    backend.conflictCheckEnabled = false;
    const result = toPushResult(backend.write(toWriteRequest(op, op.force === true, this.capabilities)));
    backend.conflictCheckEnabled = true;
    return result.type === 'pushSuccess' || result.type === 'pushNotFound' ? result : pushSuccess();
  }

  /** Accepts a write whose answer was lost. Refuses what it refused before. */
  arrive(op: Op): void {
    if (!this.#refusals.has(entityOf(op))) this.apply(op);
  }

  /** Refuses a write for good. */
  refuse(op: Op, { outcome, statusCode, code, message = 'refused' }: AnsweredOperation): PushResult {
    const refusal = outcome === 'pushForbidden' ? pushForbidden(message) : pushRejected({ statusCode, code, message });
    this.#refusals.set(entityOf(op), refusal);
    return refusal;
  }

  unauthorized(message = 'unauthorized'): PushResult {
    return pushUnauthorized(message);
  }

  missing(op: Op, statusCode = 404): PushResult {
    if (this.model.backend.get(op.kind, op.id) !== undefined) this.model.delete(op.kind, op.id);
    return pushNotFound(statusCode);
  }

  /**
   * Changes the row like another client: as recorded in the conflict, or by an invented change. `isBare`: the answer
   * had no row.
   */
  conflict(
    op: Op,
    { serverDeleted = false, statusCode, code, message }: AnsweredOperation,
    isBare: boolean,
  ): PushResult {
    const { kind, id } = op;
    const { backend } = this.model;
    const index = this.conflicts.findIndex(({ opId }) => opId === op.opId);
    const known = this.conflicts[index];
    const stored = backend.get(kind, id);
    if (serverDeleted || known?.serverDeleted === true) this.model.delete(kind, id);
    else {
      const fields = known === undefined ? this.#madeUpEdit(op) : ownFields(known.serverData);
      const isThere =
        stored !== undefined && Object.entries(fields).every(([key, value]) => deepEqual(stored[key] ?? null, value));
      if (stored === undefined)
        this.model.seed(kind, [{ ...fields, id, deletedAt: null, updatedAt: String(backend.stamp()) }]);
      else if (!isThere || String(stored['updatedAt']) === op.baseUpdatedAt) this.model.edit(kind, id, () => fields);
    }
    const row = backend.get(kind, id, { includeDeleted: true });
    const isDeleted = backend.get(kind, id) === undefined;
    return pushConflict({
      ...(statusCode === undefined ? {} : { statusCode }),
      ...(code === undefined ? {} : { code }),
      ...(message === undefined ? {} : { message }),
      ...(isBare || row === undefined
        ? {}
        : { serverData: structuredClone(row), serverTimestamp: String(row['updatedAt']) }),
      serverVersion: String(backend.versionOf(kind, id) ?? 0),
      ...(isDeleted ? { serverDeleted: true } : {}),
    });
  }

  /** A page of the server. With `rows`, it has the recorded number of rows; unknown ones are invented. */
  page(request: PullRequest, recorded?: { readonly rows: number; readonly hasMore: boolean | undefined }): PullPage {
    const { backend } = this.model;
    const listed = (limit: number): readonly JsonObject[] =>
      backend.list(request.kind, { ...request, pageToken: undefined, limit })?.items ?? [];
    if (recorded === undefined) return { items: structuredClone(listed(request.pageSize)) };
    const missing = recorded.rows - listed(Math.max(1, recorded.rows)).length;
    for (let index = 0; index < missing; index += 1) {
      this.#madeUp += 1;
      this.model.seed(request.kind, [
        { id: `made-up-${this.#madeUp}`, deletedAt: null, updatedAt: String(backend.stamp()) },
      ]);
    }
    const items = recorded.rows === 0 ? [] : structuredClone(listed(recorded.rows));
    return { items, ...(recorded.hasMore === undefined ? {} : { hasMore: recorded.hasMore }) };
  }

  #madeUpEdit(op: Op): JsonObject {
    const field =
      op.type === 'upsert'
        ? (op.changedFields?.[0] ?? Object.keys(op.payload).find((key) => !ownKeys.has(key)))
        : undefined;
    return field === undefined ? {} : { [field]: 'made up: changed by somebody else' };
  }
}

const entityOf = ({ kind, id }: Op): string => `${kind}/${id}`;
const ownFields = (row: JsonObject): JsonObject =>
  Object.fromEntries(Object.entries(row).filter(([key]) => !ownKeys.has(key)));
