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
 * Sends the operations in chunks of `batchSize`, `pushConcurrency` at a time; an entity is in one chunk at a time, its
 * operations in order (F-25). While a chunk is on its way, the next one is written and the accepted answers of the one
 * before are read: the server works meanwhile.
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

/**
 * Statuses of a whole batch that are about something else than its content; any other 4xx may be one bad operation's
 * (F-89).
 */
const notAboutContent: ReadonlySet<number> = new Set([401, 403, 404, 405, 407, 408, 409, 410, 412, 425, 429]);
const noBatchRoute: ReadonlySet<number> = new Set([404, 405, 410, 501]);

class BatchPush {
  readonly #parts: PushParts;
  readonly #signal: AbortSignal | undefined;
  readonly #answers: PushAnswers;
  readonly #breaker: PushBreaker;
  readonly #queues: EntityQueues;
  /** Entities with an operation that did not succeed: their later ones are not sent (F-24). */
  readonly #blocked = new Set<string>();
  #chunkLimit: number;
  /** Texts of operations that will probably be in the next chunk. */
  readonly #written = new Map<Op, string>();
  /** Answers that came and are still to be read, in this order. */
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
      // Of an entity that goes in several chunks the next must not leave before this one's answer is known (F-24).
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

  /** Reads the answers that were left for later. Rejects for nothing a server can do. */
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
      // Only an entity with more operations than a whole chunk holds is split; its rest follows when the first part is
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

  /** Undefined for what cannot be sent, which is answered. */
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
      // Nothing in it that would keep the next request from leaving; an app's own `classifyStatus` may think otherwise.
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
        this.#breaker.open('the batch request before it had no answer');
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
   * Finds the operation for which the server refuses the whole batch. One after the other, so that an entity cut in two
   * keeps its order.
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
      const message = `POST /${settings.batchPath} was answered with ${whole.status}: a JSON object with a list 'results' was expected, got ${got}. Check baseUrl and batchPath.`;
      for (const op of ops) this.#settle(op, { ...pushMalformed(message), ...htmlFact(whole.body) });
      return;
    }
    for (const warning of read.warnings) this.#answers.warn(warning);
    for (const op of ops) {
      const answer = read.answers.get(op);
      const result =
        answer === undefined
          ? pushMalformed(
              `The batch answer has no usable result for the ${labelOf(op)} (an item with its opId and a statusCode was expected)`,
            )
          : classifyAnswer(op, answer, settings);
      // Only what is unclear is waited for: a turn of the event loop per operation would cost more than reading its
      // answer.
      this.#settle(
        op,
        result.type === 'unclearNotFound'
          ? await clarified(op, result, { parts: this.#parts, signal: this.#signal, answered })
          : result,
      );
    }
  }

  /** What the answer to the whole request means for each of its operations. */
  #wholeResult(op: Op, whole: ReturnType<typeof toOpAnswer>): PushResult {
    const { batchPath } = this.#parts.settings;
    if (noBatchRoute.has(whole.status)) {
      return pushMalformed(
        `POST /${batchPath} was answered with ${whole.status}: the server has no batch endpoint there. Correct batchPath, or set enableBatch: false.`,
      );
    }
    if (whole.status === 409 || whole.status === 412)
      return pushMalformed(
        `POST /${batchPath} was answered with ${whole.status}; conflicts are expected per item, not for the whole batch.`,
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
