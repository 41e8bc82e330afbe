import type { Clock } from '../../model/clock.ts';
import type { Op } from '../../model/operation.ts';
import type { FetchResult, OpPushResult, PushResult, TransportAdapter } from '../../model/transport.ts';
import type { NewEntry } from '../log/new-entry.ts';
import type { AnsweredOperation, RequestEntry } from '../protocol/log-entry.ts';

type Trace = Omit<RequestEntry, 'id' | 'type' | 'at' | 'tookMs' | 'result' | 'startedAt' | 'method'>;

export interface TapOptions {
  readonly clock: Clock;
  readonly log: (entry: NewEntry) => void;
  /** The run under way, for the entry. */
  readonly runId: () => number | undefined;
}

/** Watches every call of a transport and writes an entry when it ends. What is called and what it answers stays as it is. */
export const tapTransport =
  ({ clock, log, runId }: TapOptions) =>
  (inner: TransportAdapter): TransportAdapter => {
    const traced = async <T>(
      method: RequestEntry['method'],
      signal: AbortSignal | undefined,
      call: () => Promise<T>,
      describe: (answer: T | undefined) => Trace,
    ): Promise<T> => {
      const startedAt = clock.now();
      const run = runId();
      const write = (result: RequestEntry['result'], answer: T | undefined, error?: string): void => {
        const at = clock.now();
        log({
          type: 'request',
          method,
          at,
          startedAt,
          tookMs: at - startedAt,
          result,
          ...(run === undefined ? {} : { runId: run }),
          ...describe(answer),
          ...(error === undefined ? {} : { error }),
        });
      };
      try {
        const answer = await call();
        write(signal?.aborted === true ? 'aborted' : 'ok', answer);
        return answer;
      } catch (error) {
        write(signal?.aborted === true ? 'aborted' : 'failed', undefined, error instanceof Error ? error.message : String(error));
        throw error;
      }
    };

    return {
      get capabilities() {
        return inner.capabilities;
      },
      pull: (request) =>
        traced(
          'pull',
          request.signal,
          () => inner.pull(request),
          (page) => ({
            kind: request.kind,
            ...(page === undefined ? {} : { rows: page.items.length }),
            ...(page?.bytes === undefined ? {} : { bytes: page.bytes }),
            ...(page?.hasMore === undefined ? {} : { hasMore: page.hasMore }),
          }),
        ),
      push: (ops, context) => {
        const startedAt = clock.now();
        const answered = new Map<string, { readonly result: PushResult; readonly afterMs: number }>();
        const note = ({ opId, result }: OpPushResult): void => {
          if (!answered.has(opId)) answered.set(opId, { result, afterMs: clock.now() - startedAt });
        };
        const onAnswer = (answer: OpPushResult): void => {
          note(answer);
          context.onAnswer?.(answer);
        };
        return traced(
          'push',
          context.signal,
          () => inner.push(ops, { ...context, onAnswer }),
          (batch) => {
            for (const answer of batch?.results ?? []) note(answer);
            const kinds = new Set(ops.map(({ kind }) => kind));
            const [kind] = kinds;
            return { ...(kinds.size === 1 && kind !== undefined ? { kind } : {}), operations: ops.map((op) => operationOf(op, answered.get(op.opId))) };
          },
        );
      },
      forcePush: (op, context) => {
        const startedAt = clock.now();
        return traced(
          'forcePush',
          context.signal,
          () => inner.forcePush(op, context),
          (result) => ({ kind: op.kind, entityId: op.id, operations: [operationOf(op, result && { result, afterMs: clock.now() - startedAt })] }),
        );
      },
      fetch: (request) =>
        traced(
          'fetch',
          request.signal,
          () => inner.fetch(request),
          (answer) => ({ kind: request.kind, entityId: request.id, ...rowsOf(answer) }),
        ),
      health: (context) =>
        traced(
          'health',
          context.signal,
          () => inner.health(context),
          () => ({}),
        ),
      ...(inner.subscribe === undefined
        ? {}
        : { subscribe: (kinds: readonly string[]) => inner.subscribe?.(kinds) ?? { subscribe: () => ({ unsubscribe: () => undefined }) } }),
    };
  };

const rowsOf = (answer: FetchResult | undefined): Pick<Trace, 'rows' | 'error'> => {
  if (answer?.type === 'fetchError') return { error: answer.error instanceof Error ? answer.error.message : String(answer.error) };
  return answer === undefined ? {} : { rows: answer.type === 'fetchSuccess' ? 1 : 0 };
};

function operationOf(op: Op, answered: { readonly result: PushResult; readonly afterMs: number } | undefined): AnsweredOperation {
  const result = answered?.result;
  return {
    opId: op.opId,
    kind: op.kind,
    entityId: op.id,
    operationType: op.type,
    ...(op.requestId === undefined ? {} : { requestId: op.requestId }),
    ...(result === undefined ? {} : { outcome: result.type }),
    ...(result !== undefined && 'statusCode' in result && result.statusCode !== undefined ? { statusCode: result.statusCode } : {}),
    ...(result !== undefined && 'message' in result ? { message: result.message } : {}),
    ...(answered === undefined ? {} : { answeredAfterMs: answered.afterMs }),
  };
}
