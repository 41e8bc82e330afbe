import { createHash } from 'node:crypto';
import type { Clock } from '../model/platform/clock.ts';
import { forbiddenKeyIn } from '../model/values/forbidden-keys.ts';
import type { Json, JsonObject } from '../model/values/json.ts';
import { nextToken, pageStart, type PageQuery, type PagingStyle } from './paging.ts';
import { boundsRefusal } from './request-bounds.ts';
import { formatMicros, microsOf, parseInstant } from './server-timestamp.ts';
import {
  StoreBusyError,
  type RowScope,
  type ServerStore,
  type StoredPage,
  type WriteContext,
  type WriteRefusal,
} from './server-store.ts';
import { sqliteCode, type SqliteConnection } from './sqlite-connection.ts';
import { nextVersion, prepareSchema } from './sqlite-schema.ts';
import { checkPayload, missingFields, payloadValues, toWireRow, type TableShape } from './table-shape.ts';
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
} from './wire-rules.ts';
import type { SqlValue, WireColumn } from './wire-column.ts';

interface Write {
  readonly shape: TableShape;
  readonly request: WriteRequest;
}

interface StoredRow {
  readonly row: JsonObject;
  readonly version: StoredVersion;
  readonly inScope: boolean;
}

/** The result of the app's rule, and the version of the row it read. */
interface Verdict {
  readonly seen: string | undefined;
  readonly refusal: WriteRefusal | undefined;
}

/** Maximum number of repeated rule calls because of concurrent writes. */
const maxVerdicts = 20;

/**
 * Stores the server's rows in SQLite. Each write is one synchronous transaction, so that commit order is version order
 * (PROTOCOL §9).
 */
export class SqliteStore implements ServerStore {
  readonly #connection: SqliteConnection;
  readonly #clock: Clock;

  constructor(connection: SqliteConnection, clock: Clock) {
    this.#connection = connection;
    this.#clock = clock;
  }

  async open(shapes: readonly TableShape[]): Promise<void> {
    await this.#connection.write(() => prepareSchema(this.#connection, shapes, this.#clock.now()));
  }

  async list(
    shape: TableShape,
    query: PageQuery,
    style: PagingStyle,
    scope: RowScope,
  ): Promise<StoredPage | undefined> {
    const start = pageStart(style, query);
    const since = start === undefined ? undefined : parseInstant(start.since);
    if (start === undefined || since === undefined) return undefined;
    if (start.emptyWithToken !== undefined) return { items: [], nextPageToken: start.emptyWithToken, more: true };
    const { id, updatedAt, deletedAt, table } = shape;
    const limits = scopeSql(shape, scope);
    // With afterId, the text must stay as sent, because it is compared with the stored one.
    const after =
      start.afterId === undefined
        ? [formatMicros(Math.max(0, microsOf(since)))]
        : [start.since, sqlId(shape, start.afterId)];
    const rows = await this.#connection.read(() =>
      this.#connection.rows(
        `SELECT ${shape.select} FROM ${table}
       WHERE ${start.afterId === undefined ? `${updatedAt.sql} >= ?` : `(${updatedAt.sql}, ${id.sql}) > (?, ?)`}
       ${query.includeDeleted || deletedAt === undefined ? '' : `AND ${deletedAt.sql} IS NULL`} ${limits.sql === '' ? '' : `AND ${limits.sql}`}
       ORDER BY ${updatedAt.sql}, ${id.sql} LIMIT ? OFFSET ?`,
        ...after,
        ...limits.values,
        query.limit + 1,
        start.offset,
      ),
    );
    const more = rows.length > query.limit;
    const items = rows.slice(0, query.limit).map((values) => toWireRow(shape, values));
    const last = items.at(-1);
    const token =
      last === undefined
        ? undefined
        : nextToken(style, start, {
            size: items.length,
            lastTs: String(last[updatedAt.wire]),
            lastId: String(last[id.wire]),
            more,
          });
    return token === undefined ? { items, more } : { items, nextPageToken: token, more };
  }

  async fetch(shape: TableShape, id: string, scope: RowScope): Promise<WireAnswer> {
    const stored =
      idProblem(id) === undefined ? await this.#connection.read(() => this.#find(shape, id, scope)) : undefined;
    return stored?.inScope === true
      ? { status: 200, body: stored.row, version: stored.version.version }
      : missing(shape, id);
  }

  async write(writes: readonly Write[], context: WriteContext): Promise<readonly WireAnswer[]> {
    if (context.judge === undefined) {
      return this.#connection.write(() =>
        writes.map((write) => (writes.length === 1 ? this.#apply(write, context) : this.#applyAlone(write, context))),
      );
    }
    const answers: WireAnswer[] = [];
    for (const write of writes) answers.push(await this.#writeJudged(write, context));
    return answers;
  }

  async cleanUp(
    shapes: readonly TableShape[],
    before: { readonly answersMs: number; readonly tombstonesMs: number },
  ): Promise<void> {
    const tombstones = before.tombstonesMs > 0 ? formatMicros(Math.floor(before.tombstonesMs) * 1000) : undefined;
    await this.#connection.write(() => {
      this.#connection.run('DELETE FROM sync_server_keys WHERE at < ?', before.answersMs);
      for (const { deletedAt, table } of shapes) {
        if (deletedAt !== undefined && tombstones !== undefined)
          this.#connection.run(`DELETE FROM ${table} WHERE ${deletedAt.sql} < ?`, tombstones);
      }
    });
  }

  /** A rule may take time, so it runs outside the transaction. Its result only holds for the row that it read. */
  async #writeJudged(write: Write, context: WriteContext): Promise<WireAnswer> {
    for (let asked = 0; asked < maxVerdicts; asked += 1) {
      const seen = await this.#connection.read(() => this.#look(write, context));
      const current = seen.stored?.inScope === true ? seen.stored.row : undefined;
      const refused = seen.wouldWrite ? await context.judge?.({ request: write.request, current }) : undefined;
      const verdict: Verdict = { seen: seen.stored?.version.version, refusal: refused };
      const answer = await this.#connection.write(() => this.#apply(write, context, verdict));
      if (answer !== moved) return answer;
    }
    throw new StoreBusyError(
      `${write.request.kind}/${write.request.id} changed during every check by a rule; retry later`,
    );
  }

  #look(write: Write, context: WriteContext): { readonly stored: StoredRow | undefined; readonly wouldWrite: boolean } {
    const { shape, request } = write;
    if (boundsRefusal(request) !== undefined) return { stored: undefined, wouldWrite: false };
    if (this.#recall(request, context) !== undefined || problemOf(write) !== undefined)
      return { stored: undefined, wouldWrite: false };
    const stored = this.#find(shape, request.id, context.scope);
    if (stored?.inScope === false) return { stored, wouldWrite: false };
    const decision =
      request.type === 'upsert' ? decideUpsert(stored?.version, request) : decideDelete(stored?.version, request);
    return { stored, wouldWrite: ['create', 'update', 'undelete', 'delete'].includes(decision) };
  }

  #applyAlone(write: Write, context: WriteContext): WireAnswer {
    try {
      return this.#connection.savepoint(() => this.#apply(write, context));
    } catch (error) {
      // An item fails alone. A failure of the database itself appears again at COMMIT.
      return refusal(500, 'internal', sqliteCode(error) ?? 'the server failed on this item');
    }
  }

  /** Replay, check, effect and stored answer of one write, within the transaction. */
  #apply(write: Write, context: WriteContext, verdict?: Verdict): WireAnswer {
    const { shape, request } = write;
    const unfit = boundsRefusal(request);
    if (unfit !== undefined) return unfit;
    const known = this.#recall(request, context);
    if (known !== undefined) return known;
    const answer = problemOf(write) ?? this.#effect(shape, request, context.scope, verdict);
    if (answer !== moved && request.key !== undefined && isRemembered(request.type, answer.status)) {
      this.#connection.run(
        'INSERT INTO sync_server_keys (owner, key, fingerprint, status, body, version, at) VALUES (?, ?, ?, ?, ?, ?, ?)',
        context.owner,
        request.key,
        hashOf(request),
        answer.status,
        answer.body === undefined ? null : JSON.stringify(answer.body),
        answer.version ?? null,
        this.#clock.now(),
      );
    }
    return answer;
  }

  #recall(request: WriteRequest, context: WriteContext): WireAnswer | undefined {
    if (request.key === undefined) return undefined;
    const known = this.#connection.row(
      'SELECT fingerprint, status, body, version FROM sync_server_keys WHERE owner = ? AND key = ?',
      context.owner,
      request.key,
    );
    if (known === undefined) return undefined;
    const [fingerprint, status, body, version] = known;
    if (fingerprint !== hashOf(request)) return idempotencyMismatch(request.key);
    return {
      status: Number(status),
      ...(typeof body === 'string' ? { body: JSON.parse(body) as JsonObject } : {}),
      ...(typeof version === 'string' ? { version } : {}),
    };
  }

  #effect(shape: TableShape, request: WriteRequest, scope: RowScope, verdict: Verdict | undefined): WireAnswer {
    const stored = this.#find(shape, request.id, scope);
    if (verdict !== undefined && verdict.seen !== stored?.version.version) return moved;
    if (stored?.inScope === false) return missing(shape, request.id);
    const decision =
      request.type === 'upsert' ? decideUpsert(stored?.version, request) : decideDelete(stored?.version, request);
    if (decision === 'notFound') return missing(shape, request.id);
    if (decision === 'gone') return refusal(410, 'gone', `${shape.kind}/${request.id} is already deleted`);
    if (decision === 'conflict' || decision === 'preconditionFailed') {
      const version = stored?.version;
      return conflictAnswer(
        decision === 'conflict' ? 409 : 412,
        stored?.row ?? {},
        version?.updatedAt ?? '',
        version?.version ?? '',
      );
    }
    if (verdict?.refusal !== undefined)
      return refusal(422, verdict.refusal.code ?? 'refused', verdict.refusal.message, verdict.refusal.fields);
    if (decision === 'delete') return this.#delete(shape, request);
    const serverKeys = [shape.id, shape.updatedAt, shape.deletedAt].flatMap((column) =>
      column === undefined ? [] : [column.wire],
    );
    const deltas = effectOfDeltas(request, stored?.row ?? {}, serverKeys);
    if ('refused' in deltas) return deltas.refused;
    const problems = checkPayload(shape, deltas.values);
    if (problems !== undefined)
      return refusal(422, 'validation', `${Object.keys(problems).join(', ')}: not accepted by ${shape.kind}`, problems);
    return this.#upsert(shape, { ...request, payload: { ...request.payload, ...deltas.values } }, scope, decision);
  }

  #upsert(
    shape: TableShape,
    request: WriteRequest,
    scope: RowScope,
    decision: 'create' | 'update' | 'undelete',
  ): WireAnswer {
    const values = payloadValues(shape, request.payload ?? {});
    const outside = fieldsOutside(shape, values, scope);
    if (outside !== undefined)
      return refusal(422, 'validation', 'the row would no longer be visible to this user', outside);
    const version = nextVersion(this.#connection, shape.kind, this.#clock.now());
    values.set(shape.updatedAt, version);
    if (shape.deletedAt !== undefined) values.set(shape.deletedAt, null);
    const id = sqlId(shape, request.id);
    try {
      if (decision === 'create') {
        values.set(shape.id, id);
        if (shape.createdAt?.text === true && !values.has(shape.createdAt)) values.set(shape.createdAt, version);
        for (const [wire, value] of Object.entries(scope ?? {})) {
          const column = columnOf(shape, wire);
          if (!values.has(column) && !Array.isArray(value)) values.set(column, column.encode(value));
        }
        const lacking = missingFields(shape, new Set(values.keys()));
        if (lacking !== undefined)
          return refusal(422, 'validation', `a new row of ${shape.kind} needs more fields`, lacking);
        const columns = [...values.keys()].map(({ sql }) => sql);
        this.#connection.run(
          `INSERT INTO ${shape.table} (${columns.join(', ')}) VALUES (${columns.map(() => '?').join(', ')})`,
          ...values.values(),
        );
      } else {
        const changes = [...values.keys()].map(({ sql }) => `${sql} = ?`);
        this.#connection.run(
          `UPDATE ${shape.table} SET ${changes.join(', ')} WHERE ${shape.id.sql} = ?`,
          ...values.values(),
          id,
        );
      }
    } catch (error) {
      const code = sqliteCode(error);
      if (code?.startsWith('SQLITE_CONSTRAINT') !== true) throw error;
      return refusal(422, 'constraint', `${shape.kind}/${request.id} breaks a constraint of the table (${code})`);
    }
    const row = this.#find(shape, request.id, undefined)?.row ?? {};
    return { status: decision === 'create' ? 201 : 200, body: row, version };
  }

  #delete(shape: TableShape, request: WriteRequest): WireAnswer {
    const id = sqlId(shape, request.id);
    if (shape.deletes === 'hard' || shape.deletedAt === undefined) {
      try {
        this.#connection.run(`DELETE FROM ${shape.table} WHERE ${shape.id.sql} = ?`, id);
      } catch (error) {
        const code = sqliteCode(error);
        if (code?.startsWith('SQLITE_CONSTRAINT') !== true) throw error;
        return refusal(422, 'constraint', `${shape.kind}/${request.id} is still referenced (${code})`);
      }
      return { status: 204 };
    }
    const version = nextVersion(this.#connection, shape.kind, this.#clock.now());
    this.#connection.run(
      `UPDATE ${shape.table} SET ${shape.updatedAt.sql} = ?, ${shape.deletedAt.sql} = ? WHERE ${shape.id.sql} = ?`,
      version,
      version,
      id,
    );
    return { status: 204, version };
  }

  #find(shape: TableShape, id: string, scope: RowScope): StoredRow | undefined {
    const limits = scopeSql(shape, scope);
    const values = this.#connection.row(
      `SELECT ${shape.select}, ${shape.updatedAt.sql}, ${shape.deletedAt?.sql ?? 'NULL'}, ${limits.sql === '' ? '1' : limits.sql} FROM ${shape.table} WHERE ${shape.id.sql} = ?`,
      ...limits.values,
      sqlId(shape, id),
    );
    if (values === undefined) return undefined;
    const [updatedAt, deletedAt, inScope] = values.slice(shape.columns.length);
    const text = String(updatedAt ?? '');
    return {
      row: toWireRow(shape, values),
      version: { updatedAt: text, version: text, deleted: (deletedAt ?? null) !== null },
      inScope: inScope === 1,
    };
  }
}

/** Means that the row differs from the one that the rule read. */
const moved: WireAnswer = { status: 0 };

const missing = (shape: TableShape, id: string): WireAnswer =>
  refusal(404, 'not_found', `there is no ${shape.kind}/${id}`);

const hashOf = (request: WriteRequest): string =>
  createHash('sha256').update(requestFingerprint(request)).digest('base64');

/** The id in the form of its column. A text that is not an integer matches nothing in an integer column. */
const sqlId = (shape: TableShape, id: string): SqlValue =>
  shape.id.integer && /^-?\d{1,15}$/.test(id) ? Number(id) : id;

/** Problems of a write that do not depend on stored rows. */
function problemOf({ shape, request }: Write): WireAnswer | undefined {
  const idFault =
    idProblem(request.id) ??
    (shape.id.integer && !/^-?\d{1,15}$/.test(request.id) ? 'the id must be a whole number' : undefined);
  if (idFault !== undefined) return refusal(400, 'invalid_id', idFault);
  const payload = request.payload;
  if (payload === undefined) return undefined;
  const forbidden = forbiddenKeyIn(payload);
  if (forbidden !== undefined)
    return refusal(422, 'validation', `the field ${forbidden} is not accepted`, { [forbidden]: 'not accepted' });
  if (!namesRow(payload[shape.id.wire], request.id)) {
    return refusal(422, 'validation', `the id in the body differs from ${request.id} in the path`, {
      [shape.id.wire]: 'differs from the path',
    });
  }
  const fields = checkPayload(shape, payload);
  return fields === undefined
    ? undefined
    : refusal(422, 'validation', `${Object.keys(fields).join(', ')}: not accepted by ${shape.kind}`, fields);
}

function columnOf(shape: TableShape, wire: string): WireColumn {
  const column = shape.byWire.get(wire);
  if (column === undefined) throw new TypeError(`rowScope names ${shape.kind}.${wire}, which is not a column`);
  return column;
}

function scopeSql(shape: TableShape, scope: RowScope): { readonly sql: string; readonly values: readonly SqlValue[] } {
  const parts: string[] = [];
  const values: SqlValue[] = [];
  for (const [wire, wanted] of Object.entries(scope ?? {})) {
    const column = columnOf(shape, wire);
    const list = Array.isArray(wanted) ? (wanted as readonly Json[]) : [wanted];
    // IS also compares null.
    parts.push(list.length === 0 ? '0' : `(${list.map(() => `${column.sql} IS ?`).join(' OR ')})`);
    for (const value of list) values.push(column.encode(value));
  }
  return { sql: parts.length === 0 ? '' : `(${parts.join(' AND ')})`, values };
}

/** Fields that would move a row out of the scope. */
function fieldsOutside(
  shape: TableShape,
  values: ReadonlyMap<WireColumn, SqlValue>,
  scope: RowScope,
): Readonly<Record<string, string>> | undefined {
  const outside: Record<string, string> = {};
  for (const [wire, wanted] of Object.entries(scope ?? {})) {
    const column = columnOf(shape, wire);
    const given = values.get(column);
    const list = Array.isArray(wanted) ? (wanted as readonly Json[]) : [wanted];
    if (given !== undefined && !list.some((value) => column.encode(value) === given))
      outside[wire] = 'not allowed for this user';
  }
  return Object.keys(outside).length === 0 ? undefined : outside;
}
