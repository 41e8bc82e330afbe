import { isJsonObject } from '../../model/values/json.ts';
import type { Op } from '../../model/operation.ts';
import { pushMalformed, type BatchPushResult, type PushContext, type PushResult } from '../../model/transport.ts';
import { yieldTurn } from '../../model/platform/yield-turn.ts';
import { htmlFact, shapeOf, shapeOfBody } from '../answers/answer-shape.ts';
import { batchItem, readBatchItems, seemsAccepted } from './batch-wire.ts';
import { classifyAnswer, labelOf } from '../answers/classify-answer.ts';
import { EntityQueues, letsNextFollow, type Lent } from './entity-queues.ts';
import { isSuccessStatus, jsonOf } from '../http/http-answer.ts';
import type { PresenceMark } from '../requests/kind-presence.ts';
import { ExchangeError } from '../http/network-failure.ts';
import { PushAnswers } from './push-answers.ts';
import { entityKeyOf, PushBreaker } from './push-breaker.ts';
import { whyNotSent, type PushParts } from './push-single.ts';
import { slideWindow } from './push-window.ts';
import { clarified, failedResult, refusedBeforeSending, sendOp, toOpAnswer, unsendable } from '../requests/send-op.ts';

/**
 * Sends the operations in chunks of `batchSize`, `pushConcurrency` at a time. An entity is in one chunk at a time, with
 * its operations in order (F-25). While the server works on a chunk, writes the next one and reads the accepted answers
 * of the previous one.
 */
export async function pushBatches(
  ops: readonly Op[],
  context: PushContext,
  parts: PushParts,
): Promise<BatchPushResult> {
  const push = new BatchPush(ops, context, parts);
  await slideWindow(parts.settings.pushConcurrency, () => push.nextChunk());
  await push.read();
  return push.finish();
}

/** Statuses of a whole batch that do not concern its content. Any other 4xx may stem from one bad operation (F-89). */
const notAboutContent: ReadonlySet<number> = new Set([401, 403, 404, 405, 407, 408, 409, 410, 412, 425, 429]);
const noBatchRoute: ReadonlySet<number> = new Set([404, 405, 410, 501]);

class BatchPush {
  readonly #parts: PushParts;
  readonly #signal: AbortSignal | undefined;
  readonly #answers: PushAnswers;
  readonly #breaker: PushBreaker;
  readonly #queues: EntityQueues;
  /** Entities with an operation that did not succeed. Their later operations are not sent (F-24). */
  readonly #blocked = new Set<string>();
  #chunkLimit: number;
  /** Texts of operations that will probably be in the next chunk. */
  readonly #written = new Map<Op, string>();
  /** Received answers that are still to be read, in this order. */
  readonly #unread: (() => Promise<void>)[] = [];
  #reading: Promise<void> = Promise.resolve();

  constructor(ops: readonly Op[], context: PushContext, parts: PushParts) {
    this.#parts = parts;
    this.#signal = context.signal;
    this.#chunkLimit = parts.settings.batchSize;
    this.#answers = new PushAnswers(ops, context);
    this.#breaker = new PushBreaker(() => parts.health(context.signal));
    this.#queues = new EntityQueues(
      ops.filter((op) => {
        const refused = refusedBeforeSending(op, parts);
        if (refused !== undefined) this.#answers.add(op, refused);
        return refused === undefined;
      }),
    );
  }

  nextChunk(): (() => Promise<void>) | undefined {
    if (this.#stopped()) return undefined;
    const lent = this.#lendChunk();
    if (lent.length === 0) return undefined;
    return async () => {
      // If an entity spans several chunks, the next one must not leave before this answer is known (F-24).
      const mayFollowUnread = lent.every(({ queue }) => queue.ops.length === 0);
      const sent = this.#send(
        lent.flatMap(({ ops }) => ops),
        mayFollowUnread,
      );
      void yieldTurn()
        .then(() => this.read())
        .then(
          () => this.#writeAhead(),
          () => undefined,
        );
      await sent;
      for (const one of lent) {
        if (!one.ops.some((op) => this.#isBlocked(op))) this.#queues.giveBack(one);
      }
      await this.#breaker.settled();
    };
  }

  /** Reads the postponed answers. Never rejects because of the server. */
  read(): Promise<void> {
    this.#reading = this.#reading.then(async () => {
      for (let next = this.#unread.shift(); next !== undefined; next = this.#unread.shift()) await next();
    });
    return this.#reading;
  }

  finish(): BatchPushResult {
    return this.#answers.finish(whyNotSent(this.#breaker, this.#signal));
  }

  #lendChunk(): readonly Lent[] {
    const lent: Lent[] = [];
    let room = this.#chunkLimit;
    while (room > 0) {
      // Splits an entity only if it has more operations than a whole chunk. The rest follows after the first part is
      // answered.
      const next = this.#queues.lend(room, lent.length > 0);
      if (next === undefined) break;
      lent.push(next);
      room -= next.ops.length;
    }
    return lent;
  }

  #writeAhead(): void {
    let room = this.#chunkLimit;
    for (const op of this.#queues.upcoming()) {
      if (room <= 0 || this.#stopped()) return;
      room -= 1;
      if (!this.#written.has(op)) this.#write(op);
    }
  }

  /** Undefined for an operation that cannot be sent; its answer is recorded. */
  #write(op: Op): string | undefined {
    try {
      const item = batchItem(op, this.#parts.settings);
      this.#written.set(op, item);
      return item;
    } catch (error) {
      this.#blocked.add(entityKeyOf(op));
      this.#answers.add(op, unsendable(op, error));
      return undefined;
    }
  }

  async #send(candidates: readonly Op[], mayFollowUnread = false): Promise<void> {
    if (this.#stopped()) return;
    const { ops, items } = this.#sendable(candidates);
    if (ops.length === 0) return;
    try {
      const { send, urls, settings } = this.#parts;
      const answer = await send({
        method: 'POST',
        url: urls.path(settings.batchPath),
        body: `{"ops":[${items.join(',')}]}`,
        signal: this.#signal,
      });
      const answered = this.#parts.presence.mark();
      const whole = toOpAnswer(answer);
      if (answer.status >= 400 && answer.status <= 499 && !notAboutContent.has(answer.status)) {
        if (answer.status === 413) this.#chunkLimit = Math.max(1, Math.floor(ops.length / 2));
        await this.#sendHalves(ops);
        return;
      }
      const body = jsonOf(whole.body);
      // None of these answers should stop the next request; the app's own `classifyStatus` may decide otherwise.
      const isLater =
        mayFollowUnread &&
        settings.classifyStatus === undefined &&
        isSuccessStatus(answer.status) &&
        seemsAccepted(body, ops);
      if (isLater) this.#unread.push(() => this.#settleItems(ops, body, whole, answered));
      else if (isSuccessStatus(answer.status)) await this.#settleItems(ops, body, whole, answered);
      else for (const op of ops) this.#settle(op, this.#wholeResult(op, whole));
    } catch (error) {
      if (error instanceof ExchangeError && error.dispatched)
        this.#breaker.open('the previous batch request received no answer');
      for (const op of ops) this.#settle(op, failedResult(op, error));
    }
  }

  #sendable(candidates: readonly Op[]): { readonly ops: readonly Op[]; readonly items: readonly string[] } {
    const ops: Op[] = [];
    const items: string[] = [];
    for (const op of candidates) {
      const item = this.#isBlocked(op) ? undefined : (this.#written.get(op) ?? this.#write(op));
      this.#written.delete(op);
      if (item === undefined) continue;
      items.push(item);
      ops.push(op);
    }
    return { ops, items };
  }

  /**
   * Finds the operation for which the server refuses the whole batch. Sends the halves one after another, so that a
   * split entity keeps its order.
   */
  async #sendHalves(ops: readonly Op[]): Promise<void> {
    const [only] = ops;
    if (ops.length === 1 && only !== undefined) {
      this.#settle(only, await sendOp(only, this.#parts, this.#signal));
      return;
    }
    const middle = Math.ceil(ops.length / 2);
    await this.#send(ops.slice(0, middle));
    await this.#breaker.settled();
    await this.#send(ops.slice(middle));
  }

  async #settleItems(
    ops: readonly Op[],
    body: ReturnType<typeof jsonOf>,
    whole: ReturnType<typeof toOpAnswer>,
    answered: PresenceMark,
  ): Promise<void> {
    const { settings } = this.#parts;
    const read = readBatchItems(body, ops, { retryAfterMs: whole.retryAfterMs, clockOffsetMs: whole.clockOffsetMs });
    if (read === undefined) {
      const got =
        isJsonObject(body) && 'results' in body ? `'results' as ${shapeOf(body['results'])}` : shapeOfBody(whole.body);
      const message = `POST /${settings.batchPath} was answered with ${whole.status}: expected a JSON object with a list 'results', got ${got}. Check baseUrl and batchPath.`;
      for (const op of ops) this.#settle(op, { ...pushMalformed(message), ...htmlFact(whole.body) });
      return;
    }
    for (const warning of read.warnings) this.#answers.warn(warning);
    for (const op of ops) {
      const answer = read.answers.get(op);
      const result =
        answer === undefined
          ? pushMalformed(
              `The batch answer has no usable result for the ${labelOf(op)} (expected an item with its opId and a statusCode)`,
            )
          : classifyAnswer(op, answer, settings);
      // Waits only for unclear answers. Yielding per operation would cost more than reading its answer.
      this.#settle(
        op,
        result.type === 'unclearNotFound'
          ? await clarified(op, result, { parts: this.#parts, signal: this.#signal, answered })
          : result,
      );
    }
  }

  /** The result of each operation that follows from the answer to the whole request. */
  #wholeResult(op: Op, whole: ReturnType<typeof toOpAnswer>): PushResult {
    const { batchPath } = this.#parts.settings;
    if (noBatchRoute.has(whole.status)) {
      return pushMalformed(
        `POST /${batchPath} was answered with ${whole.status}: the server has no batch endpoint at this path. Correct batchPath, or set enableBatch: false.`,
      );
    }
    if (whole.status === 409 || whole.status === 412)
      return pushMalformed(
        `POST /${batchPath} was answered with ${whole.status}; a batch must report conflicts per item, not as a whole.`,
      );
    const result = classifyAnswer(op, whole, { ...this.#parts.settings, classifyStatus: undefined });
    return result.type === 'unclearNotFound'
      ? { ...pushMalformed(`POST /${batchPath} was answered with ${whole.status}`), ...htmlFact(whole.body) }
      : result;
  }

  #settle(op: Op, result: PushResult): void {
    this.#answers.add(op, result);
    if (!letsNextFollow(op, result)) this.#blocked.add(entityKeyOf(op));
    if (!this.#signal?.aborted) this.#breaker.observe(op, result);
  }

  #isBlocked(op: Op): boolean {
    return this.#blocked.size > 0 && this.#blocked.has(entityKeyOf(op));
  }

  #stopped(): boolean {
    return this.#signal?.aborted === true || this.#breaker.openedBy !== undefined;
  }
}
