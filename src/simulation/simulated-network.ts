import type { AxiosInstance, AxiosRequestConfig, AxiosResponse } from 'axios';
import { isJsonObject, type Json } from '../model/values/json.ts';
import { parseJson } from '../model/values/exact-json.ts';
import { seededRandom } from '../testing/seeded-random.ts';
import type { RecordedRequest } from '../testing/test-server-faults.ts';
import { jsonAnswer, type HttpAnswer } from '../testing/test-server-http.ts';
import type { ModelServer } from './model-server.ts';
import type { SimulatedFault } from './simulation-script.ts';
import { SimulationViolation, type ProcessClock, type VirtualTime } from './virtual-time.ts';

/** The client side of one engine's requests. */
export interface SimulatedCaller {
  readonly name: string;
  readonly clock: ProcessClock;
  /** Called before a request is sent. Never throws, but may end the process. */
  onRequest(what: string): void;
  /** Called when an answer has arrived and is about to be read. */
  onAnswer(): void;
  trace(text: string): void;
  onFault(type: string): void;
}

/** The requests in flight of one device. Two engines on one database share it. */
export class SimulatedConnection {
  /** True while nothing gets through. */
  isCut = false;
  /** The token that the server accepts; others get 401. */
  validToken = 1;
  requests = 0;
  /** Faults by the number of their request, counted from the start of the script. */
  readonly faults = { writes: new Map<number, SimulatedFault>(), reads: new Map<number, SimulatedFault>() };
  readonly #counted = { writes: 0, reads: 0 };
  areFaultsOn = false;
  /** Writes in flight by entity, with their callers. */
  readonly writing = new Map<string, SimulatedCaller>();

  constructor(
    private readonly time: VirtualTime,
    private readonly server: ModelServer,
    private readonly seed: number,
    private readonly latencyMs: number,
  ) {}

  /** Replaces axios. */
  clientOf(caller: SimulatedCaller): Pick<AxiosInstance, 'request'> {
    return {
      request: <T, R = AxiosResponse<T>>(config: AxiosRequestConfig) =>
        new Promise<R>((resolve, reject) => {
          this.#send(config, caller, { resolve: (response) => resolve(response as R), reject });
        }),
    };
  }

  #send(
    config: AxiosRequestConfig,
    caller: SimulatedCaller,
    { resolve, reject }: { resolve: (response: object) => void; reject: (error: Error) => void },
  ): void {
    const { time } = this;
    if (caller.clock.isDead) return;
    const request = toRecorded(config);
    const what = `${request.method} ${request.path}${keyOf(request)}`;
    caller.onRequest(what);
    // A process may die right before it sends a request.
    if (caller.clock.isDead) return;
    time.touch();
    const index = this.requests;
    this.requests += 1;
    const random = seededRandom(this.seed * 7919 + index * 104_729);
    const travelMs = (): number => 0.5 + random() * this.latencyMs;
    const planned = this.areFaultsOn ? this.#plannedFor(request) : undefined;
    const fault: SimulatedFault | undefined =
      planned ??
      (this.isCut
        ? random() < 0.5
          ? { type: 'refused' }
          : { type: 'requestLost', hangs: random() < 0.5 }
        : undefined);
    caller.trace(`→ #${index} ${what}${fault === undefined ? '' : `   !! ${faultText(fault)}`}`);
    if (fault !== undefined)
      caller.onFault(
        fault.type === 'status' ? `status ${fault.status}${fault.afterCommit ? ' after commit' : ''}` : fault.type,
      );

    const entities = entitiesOf(request);
    for (const entity of entities) this.#occupy(entity, caller);
    let isOver = false;
    const end = (settle: () => void): void => {
      if (isOver) return;
      isOver = true;
      for (const entity of entities) if (this.writing.get(entity) === caller) this.writing.delete(entity);
      settle();
    };
    config.signal?.addEventListener?.('abort', () => end(() => caller.trace(`  #${index} given up`)));
    const arrive = (answer: HttpAnswer, delayMs = 0): void => {
      time.setTimeout(
        () =>
          caller.clock.whenAwake(() => {
            if (isOver) return;
            caller.onAnswer();
            if (caller.clock.isDead) return;
            caller.trace(`← #${index} ${answer.status}`);
            end(() => resolve({ status: answer.status, data: answer.text, headers: answer.headers }));
          }),
        travelMs() + delayMs,
      );
    };
    const breakOff = (code: string, dispatched: boolean): void => {
      time.setTimeout(
        () =>
          caller.clock.whenAwake(() => {
            if (isOver) return;
            caller.trace(`← #${index} ${code}`);
            end(() =>
              reject(
                Object.assign(new Error(`injected: ${code}`), { code, ...(dispatched ? {} : { syscall: 'connect' }) }),
              ),
            );
          }),
        travelMs(),
      );
    };
    const atServer = (work: () => void, delayMs = 0): void => {
      time.setTimeout(() => {
        time.touch();
        work();
      }, travelMs() + delayMs);
    };
    const serve = (): HttpAnswer =>
      this.#isAccepted(request) ? this.server.answer(request) : jsonAnswer(401, { error: 'unauthorized' });

    switch (fault?.type) {
      case undefined:
        return atServer(() => arrive(serve()));
      case 'refused':
        return breakOff('ECONNREFUSED', false);
      case 'requestLost':
        return fault.hangs ? undefined : breakOff('ECONNRESET', true);
      case 'answerLost':
        return atServer(() => {
          serve();
          if (!fault.hangs) breakOff('ECONNRESET', true);
        });
      case 'answerCut':
        return atServer(() => {
          const answer = serve();
          if (answer.text.length > 2)
            arrive({ ...answer, text: answer.text.slice(0, Math.floor(answer.text.length / 2)) });
          else breakOff('ECONNRESET', true);
        });
      case 'batchCut':
        return atServer(() => {
          if (this.#isAccepted(request)) this.server.answerPart(request, fault.after);
          breakOff('ECONNRESET', true);
        });
      case 'status':
        return atServer(() => {
          if (fault.afterCommit) serve();
          const headers: Record<string, string> =
            fault.retryAfterS === undefined ? {} : { 'retry-after': String(fault.retryAfterS) };
          arrive(jsonAnswer(fault.status, { error: 'injected', message: `injected ${fault.status}` }, headers));
        });
      case 'delayed':
        return atServer(() => arrive(serve()), fault.ms);
      case 'duplicated':
        return atServer(() => {
          arrive(serve());
          atServer(() => serve(), fault.ms);
        });
      case 'portal':
        return atServer(() =>
          arrive({ status: 200, headers: { 'content-type': 'text/html' }, text: '<html>sign in to this network' }),
        );
      case 'gateway':
        return atServer(() =>
          arrive({ status: 404, headers: { 'content-type': 'text/html' }, text: '<html>404 Not Found' }),
        );
      default:
        return fault satisfies never;
    }
  }

  #plannedFor({ method }: RecordedRequest): SimulatedFault | undefined {
    const type = method === 'GET' ? 'reads' : 'writes';
    this.#counted[type] += 1;
    return this.faults[type].get(this.#counted[type] - 1);
  }

  /**
   * I3, I11: one database never has two writes of one entity in flight, whichever engine sends them. A frozen process
   * is exempt, because it cannot know.
   */
  #occupy(entity: string, caller: SimulatedCaller): void {
    const before = this.writing.get(entity);
    if (before !== undefined && !before.clock.isDead && !before.clock.isFrozen && !caller.clock.isFrozen) {
      const who = before === caller ? `${caller.name} sends twice` : `${before.name} and ${caller.name} send`;
      this.time.fail(
        new SimulationViolation(before === caller ? 'I3' : 'I11', `${who} a write of ${entity} at the same time`),
      );
    }
    this.writing.set(entity, caller);
  }

  #isAccepted(request: RecordedRequest): boolean {
    return request.kind === 'health' || request.headers.authorization === `Bearer ${this.validToken}`;
  }
}

function toRecorded(config: AxiosRequestConfig): RecordedRequest {
  const url = new URL(config.url ?? '/', 'http://server');
  const segments = url.pathname.split('/').slice(1).map(decodeURIComponent);
  const headers = Object.fromEntries(
    Object.entries((config.headers ?? {}) as Record<string, unknown>).map(([name, value]) => [
      name.toLowerCase(),
      String(value),
    ]),
  );
  const rawBody = typeof config.data === 'string' ? config.data : '';
  return {
    method: (config.method ?? 'GET').toUpperCase(),
    path: `/${segments.join('/')}`,
    url: `${url.pathname}${url.search}`,
    query: Object.fromEntries(url.searchParams),
    headers,
    body: rawBody === '' ? undefined : parseJson(rawBody),
    rawBody,
    kind: segments[0] || undefined,
    id: segments[1] || undefined,
  };
}

interface BatchOp {
  readonly opId: string;
  readonly kind: string;
  readonly id: string;
}

function batchOf({ path, body }: RecordedRequest): readonly BatchOp[] {
  const ops = path === '/batch' && isJsonObject(body) ? body['ops'] : undefined;
  if (!Array.isArray(ops)) return [];
  return (ops as readonly Json[])
    .filter(isJsonObject)
    .map((op) => ({ opId: String(op['opId']), kind: String(op['kind']), id: String(op['id']) }));
}

const entitiesOf = (request: RecordedRequest): readonly string[] =>
  request.path === '/batch'
    ? [...new Set(batchOf(request).map(({ kind, id }) => `${kind}/${id}`))]
    : request.method === 'GET'
      ? []
      : [request.path.slice(1)];

function keyOf(request: RecordedRequest): string {
  if (request.path === '/batch')
    return ` [${batchOf(request)
      .map(({ opId, kind, id }) => `${kind}/${id} ${opId}`)
      .join(', ')}]`;
  const key = request.headers['x-idempotency-key'];
  const query = request.query['updatedSince'];
  const force = request.headers['x-force-update'] ?? request.headers['x-force-delete'];
  return `${typeof key === 'string' ? ` ${key}` : ''}${force === undefined ? '' : ' forced'}${query === undefined ? '' : ` since ${query} ${request.query['afterId'] ?? ''} ${request.query['pageToken'] ?? ''}`}`;
}

const faultText = (fault: SimulatedFault): string =>
  fault.type === 'status'
    ? `${fault.status}${fault.afterCommit ? ' after commit' : ''}${fault.retryAfterS === undefined ? '' : `, retry after ${fault.retryAfterS} s`}`
    : JSON.stringify(fault);
