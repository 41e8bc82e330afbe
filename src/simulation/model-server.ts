import type { JsonObject } from '../model/values/json.ts';
import { requestFingerprint, type WireAnswer, type WriteRequest } from '../server/wire-rules.ts';
import { MemoryBackend } from '../testing/memory-backend.ts';
import type { RecordedRequest } from '../testing/test-server-faults.ts';
import type { HttpAnswer } from '../testing/test-server-http.ts';
import { route, type RouteSettings } from '../testing/test-server-routes.ts';
import type { SimulatedServerKind } from './simulation-script.ts';
import { SimulationViolation } from './virtual-time.ts';

/** One write that the server received, in order. */
export interface ServerWrite {
  readonly key: string | undefined;
  readonly type: 'upsert' | 'delete';
  readonly kind: string;
  readonly id: string;
  readonly status: number;
  /** Whether it changed anything, in contrast to a refusal or a repeated answer. */
  readonly changed: boolean;
}

/** Logs the clients' writes and checks them: one key, one body, one effect (I2). */
class LoggedBackend extends MemoryBackend {
  readonly writes: ServerWrite[] = [];
  /** All states of a row, oldest first; null: deleted. */
  readonly history = new Map<string, (JsonObject | null)[]>();
  readonly #bodies = new Map<string, string>();
  readonly #forgotten = new Set<string>();
  /** Called for each change by a client, with the row before and after. */
  onEffect: (request: WriteRequest, before: JsonObject | undefined, after: JsonObject | undefined) => void = () =>
    undefined;

  override write(request: WriteRequest): WireAnswer {
    const { key, type, kind, id } = request;
    if (key !== undefined) this.#checkBody(key, request);
    const count = this.effects.length;
    const before = this.get(kind, id);
    const answer = super.write(request);
    const changed = this.effects.length > count;
    this.writes.push({ key, type, kind, id, status: answer.status, changed });
    if (!changed) return answer;
    this.keep(kind, id);
    this.onEffect(request, before, this.get(kind, id));
    if (key !== undefined && this.effectCount({ key }) > 1 && !this.#isMadeAgain(key, before))
      throw new SimulationViolation('I2', `request ${key} on ${kind}/${id} took effect twice`);
    return answer;
  }

  override forgetIdempotencyKeys(): void {
    super.forgetIdempotencyKeys();
    for (const { key } of this.writes) if (key !== undefined) this.#forgotten.add(key);
  }

  /**
   * A creation that never arrived looks like one whose row was deleted before its answer or a list came. It is sent
   * again, because a second row can be deleted again and a lost one cannot be restored. A client that has seen the row
   * does not send it (`lost-and-found.test.ts`).
   */
  #isMadeAgain(key: string, before: JsonObject | undefined): boolean {
    return before === undefined && this.#forgotten.has(key);
  }

  keep(kind: string, id: string): void {
    const states = this.history.get(`${kind}/${id}`) ?? [];
    this.history.set(`${kind}/${id}`, states);
    states.push(this.get(kind, id) ?? null);
  }

  #checkBody(key: string, request: WriteRequest): void {
    const body = requestFingerprint(request);
    const first = this.#bodies.get(key);
    if (first !== undefined && first !== body)
      throw new SimulationViolation('I2', `another body under key ${key}: first ${first}, now ${body}`);
    this.#bodies.set(key, body);
  }
}

/** The server of a simulation: the real rules of PROTOCOL §9, without a network and with a log. */
export class ModelServer {
  readonly backend: LoggedBackend;
  readonly #kind: SimulatedServerKind;
  readonly #refused = new Map<string, 404 | 409 | 422>();
  /** Increments by writers other than the replicas. */
  readonly ownIncrements = new Map<string, number>();

  constructor(kind: SimulatedServerKind, now: () => number) {
    this.#kind = kind;
    const { paging, hasMore, announcePageCap, idOrder, deletes, pageCap, pageCapBytes } = kind;
    this.backend = new LoggedBackend({
      naming: 'camelCase',
      paging,
      hasMore,
      announcePageCap,
      idOrder,
      deletes,
      now,
      ...(pageCap === undefined ? {} : { pageCap }),
      ...(pageCapBytes === undefined ? {} : { pageCapBytes }),
    });
    this.backend.addRule(({ kind: name, id }) => {
      const status = this.#refused.get(`${name}/${id}`);
      return status === undefined
        ? undefined
        : { status, body: { error: 'refused', message: 'a rule of the server refuses this' } };
    });
  }

  answer(request: RecordedRequest): HttpAnswer {
    const answer = route(this.backend, request, this.#settings);
    return { ...answer, headers: { ...answer.headers, date: new Date(this.backend.now()).toUTCString() } };
  }

  /** Executes only the first operations of a batch, like a server that dies within it. */
  answerPart(request: RecordedRequest, count: number): void {
    const ops =
      typeof request.body === 'object' && request.body !== null && 'ops' in request.body
        ? request.body['ops']
        : undefined;
    this.answer(Array.isArray(ops) ? { ...request, body: { ops: ops.slice(0, count) as JsonObject[] } } : request);
  }

  seed(kind: string, rows: readonly JsonObject[]): void {
    this.backend.seed(kind, rows);
    for (const row of rows) this.backend.keep(kind, String(row['id']));
  }

  edit(kind: string, id: string, change: (row: JsonObject) => JsonObject): boolean {
    const row = this.backend.get(kind, id);
    if (row === undefined) return false;
    this.backend.update(kind, id, change(row));
    this.backend.keep(kind, id);
    return true;
  }

  insert(kind: string, row: JsonObject): boolean {
    const id = String(row['id']);
    if (this.backend.get(kind, id, { includeDeleted: true }) !== undefined) return false;
    this.seed(kind, [row]);
    return true;
  }

  delete(kind: string, id: string): boolean {
    if (this.backend.get(kind, id) === undefined) return false;
    if (this.#kind.deletes === 'hard') this.backend.remove(kind, id);
    else this.backend.softDelete(kind, id);
    this.backend.keep(kind, id);
    return true;
  }

  refuse(kind: string, id: string, status: 404 | 409 | 422 = 422): void {
    this.#refused.set(`${kind}/${id}`, status);
  }

  allow(): void {
    this.#refused.clear();
  }

  readonly #settings: RouteSettings = {
    batchPath: 'batch',
    kinds: ['lists', 'tasks'],
    tombstoneRetentionSeconds: undefined,
    refuses: () => undefined,
    distort: (answer, type) => this.#distort(answer, type),
  };

  #distort(answer: WireAnswer, type: WriteRequest['type'] | 'fetch'): WireAnswer {
    const { status, body } = answer;
    if (status === 409 && this.#kind.bareConflicts) return { status, body: { error: 'conflict' } };
    if (type !== 'upsert' || status >= 300 || body === undefined || this.#kind.putAnswer === 'row') return answer;
    if (this.#kind.putAnswer === 'empty') return { status: 204 };
    const { updatedAt: _updatedAt, ...rest } = body;
    return { status, body: rest };
  }
}
