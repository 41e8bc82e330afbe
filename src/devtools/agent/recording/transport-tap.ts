import type { Clock } from '../../../model/platform/clock.ts';
import type { Op } from '../../../model/operation.ts';
import { createAnswerSheet, type Answered } from './answer-sheet.ts';
import type { FetchResult, OpPushResult, TransportAdapter } from '../../../model/transport.ts';
import type { NewEntry } from '../../log/new-entry.ts';
import { answerFacts, failureOf } from './call-facts.ts';
import type { AnsweredOperation, RequestEntry } from '../../protocol/log-entry.ts';

type Trace = Omit<RequestEntry, 'id' | 'type' | 'at' | 'tookMs' | 'result' | 'startedAt' | 'method'>;

export interface TapOptions {
  readonly clock: Clock;
  readonly log: (entry: NewEntry) => void;
  /** The run under way, for the entry. */
  readonly runId: () => number | undefined;
  /** The faults that acted on a call, which is known by its request or context. */
  readonly faultsOf?: ((call: object) => readonly string[] | undefined) | undefined;
}

/** What a call is made with: a copy of its own for each, by which others know it. */
interface Call {
  readonly signal?: AbortSignal | undefined;
}

/**
 * Watches every call of a transport and writes an entry when it ends. What is called and what it answers stays as it
 * is.
 */
export const tapTransport =
  ({ clock, log, runId, faultsOf = () => undefined }: TapOptions) =>
  (inner: TransportAdapter): TransportAdapter => {
    const traced = async <T>(
      method: RequestEntry['method'],
      given: Call,
      call: () => Promise<T>,
      describe: (answer: T | undefined) => Trace,
    ): Promise<T> => {
      const startedAt = clock.now();
      const run = runId();
      const { signal } = given;
      const write = (
        result: RequestEntry['result'],
        answer: T | undefined,
        error?: { readonly thrown: unknown },
      ): void => {
        const at = clock.now();
        const faults = faultsOf(given);
        log({
          type: 'request',
          method,
          at,
          startedAt,
          tookMs: at - startedAt,
          result,
          ...(run === undefined ? {} : { runId: run }),
          ...describe(answer),
          ...(error === undefined ? {} : { error: textOf(error.thrown), failure: failureOf(error.thrown) }),
          ...(faults === undefined ? {} : { faults }),
        });
      };
      try {
        const answer = await call();
        write(signal?.aborted === true ? 'aborted' : 'ok', answer);
        return answer;
      } catch (error) {
        write(signal?.aborted === true ? 'aborted' : 'failed', undefined, { thrown: error });
        throw error;
      }
    };

    return {
      get capabilities() {
        return inner.capabilities;
      },
      pull: (given) => {
        const request = { ...given };
        return traced(
          'pull',
          request,
          () => inner.pull(request),
          (page) => ({
            kind: request.kind,
            since: request.updatedSince,
            ...(page === undefined ? {} : { rows: page.items.length }),
            ...(page?.bytes === undefined ? {} : { bytes: page.bytes }),
            ...(page?.hasMore === undefined ? {} : { hasMore: page.hasMore }),
          }),
        );
      },
      push: (ops, context) => {
        const answers = createAnswerSheet(clock);
        const onAnswer = (answer: OpPushResult): void => {
          answers.note(answer);
          context.onAnswer?.(answer);
        };
        const own = { ...context, onAnswer };
        return traced(
          'push',
          own,
          () => inner.push(ops, own),
          (batch) => {
            const answered = answers.of(ops, batch?.results);
            const [first] = ops;
            const isOneKind = first !== undefined && ops.every(({ kind }) => kind === first.kind);
            return {
              ...(isOneKind ? { kind: first.kind } : {}),
              operations: ops.map((op, index) => operationOf(op, answered(op.opId, index))),
            };
          },
        );
      },
      forcePush: (op, context) => {
        const startedAt = clock.now();
        const own = { ...context };
        return traced(
          'forcePush',
          own,
          () => inner.forcePush(op, own),
          (result) => ({
            kind: op.kind,
            entityId: op.id,
            operations: [operationOf(op, result && { result, afterMs: clock.now() - startedAt })],
          }),
        );
      },
      fetch: (given) => {
        const request = { ...given };
        return traced(
          'fetch',
          request,
          () => inner.fetch(request),
          (answer) => ({ kind: request.kind, entityId: request.id, ...rowsOf(answer) }),
        );
      },
      health: (context) => {
        const own = { ...context };
        return traced(
          'health',
          own,
          () => inner.health(own),
          (healthy) => (healthy === undefined ? {} : { healthy }),
        );
      },
      ...(inner.subscribe === undefined
        ? {}
        : {
            subscribe: (kinds: readonly string[]) =>
              inner.subscribe?.(kinds) ?? { subscribe: () => ({ unsubscribe: () => undefined }) },
          }),
    };
  };

const textOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

const rowsOf = (answer: FetchResult | undefined): Pick<Trace, 'rows' | 'error' | 'failure'> => {
  if (answer?.type === 'fetchError') return { error: textOf(answer.error), failure: failureOf(answer.error) };
  return answer === undefined ? {} : { rows: answer.type === 'fetchSuccess' ? 1 : 0 };
};

/** Written out, without spreads: there is one for each operation, whether somebody looks or not. */
function operationOf(op: Op, answered: Answered | undefined): AnsweredOperation {
  const result = answered?.result;
  const operation: AnsweredOperation = {
    opId: op.opId,
    kind: op.kind,
    entityId: op.id,
    operationType: op.type,
    requestId: op.requestId,
    outcome: result?.type,
    statusCode: result !== undefined && 'statusCode' in result ? result.statusCode : undefined,
    answeredAfterMs: answered?.afterMs,
    creates: op.creates ? true : undefined,
    changedFields: op.type === 'upsert' ? op.changedFields : undefined,
    baseUpdatedAt: op.baseUpdatedAt,
    localTimestamp: op.localTimestamp,
  };
  if (result === undefined || result.type === 'pushSuccess') return operation;
  return { ...operation, ...('message' in result ? { message: result.message } : {}), ...answerFacts(result) };
}
