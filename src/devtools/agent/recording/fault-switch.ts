import type { Clock, RandomSource } from '../../../model/platform/clock.ts';
import { AuthError, NetworkError, ParseError, SyncAbortedError, TransportError } from '../../../model/errors/errors.ts';
import type { Op } from '../../../model/operation.ts';
import {
  fetchError,
  pushAmbiguous,
  pushForbidden,
  pushMalformed,
  pushRejected,
  pushThrottled,
  pushUnauthorized,
  pushUnavailable,
  type OpPushResult,
  type PushResult,
  type TransportAdapter,
} from '../../../model/transport.ts';
import type { FaultSettings } from '../../protocol/engine-view.ts';
import type { FaultMark } from './fault-marks.ts';

export interface FaultOptions {
  readonly settings: () => FaultSettings;
  readonly clock: Clock;
  readonly random: RandomSource;
  /** Told what acted on a call, which is known by its request or context. */
  readonly note?: ((call: object, fault: FaultMark) => void) | undefined;
}

const offline = 'switched off in the devtools: offline';
const injected = 'made by the devtools';

const answers: Readonly<Record<NonNullable<FaultSettings['errorType']>, () => PushResult>> = {
  unavailable: () => pushUnavailable({ dispatched: true, statusCode: 503, message: `503, ${injected}` }),
  throttled: () => pushThrottled({ retryAfterMs: 5_000, message: `429, ${injected}` }),
  unauthorized: () => pushUnauthorized(`401, ${injected}`),
  rejected: () => pushRejected({ statusCode: 422, message: `422, ${injected}` }),
  forbidden: () => pushForbidden(`403, ${injected}`),
  malformed: () => pushMalformed(`no JSON, ${injected}`),
};

const errors: Readonly<Record<NonNullable<FaultSettings['errorType']>, () => Error>> = {
  unavailable: () => new TransportError(`503, ${injected}`, 503),
  throttled: () => new TransportError(`429, ${injected}`, 429, undefined, { retryAfterMs: 5_000 }),
  unauthorized: () => new AuthError(`401, ${injected}`),
  rejected: () => new TransportError(`422, ${injected}`, 422),
  forbidden: () => new TransportError(`403, ${injected}`, 403),
  malformed: () => new ParseError(`no JSON, ${injected}`),
};

/** What a call was made with. */
interface Call {
  readonly signal?: AbortSignal | undefined;
}

/** Puts faults before a transport while they are switched on; all off, a call goes through as it is. */
export const faultSwitch =
  ({ settings, clock, random, note = () => undefined }: FaultOptions) =>
  (inner: TransportAdapter): TransportAdapter => {
    const delay = (call: Call): Promise<void> => {
      const { latencyMs = 0 } = settings();
      if (latencyMs <= 0) return Promise.resolve();
      note(call, 'latency');
      const { signal } = call;
      return new Promise((resolve, reject) => {
        const timer = clock.setTimeout(resolve, latencyMs);
        signal?.addEventListener(
          'abort',
          () => {
            clock.clearTimeout(timer);
            reject(new SyncAbortedError('the request was aborted while the devtools held it back'));
          },
          { once: true },
        );
      });
    };
    const hit = (share: number | undefined): boolean => share !== undefined && share > 0 && random() < share;
    const errorType = (call: Call): NonNullable<FaultSettings['errorType']> | undefined => {
      const { errorRate, errorType: type = 'unavailable' } = settings();
      if (!hit(errorRate)) return undefined;
      note(call, 'error');
      return type;
    };
    const isOffline = (call: Call): boolean => {
      if (settings().offline !== true) return false;
      note(call, 'offline');
      return true;
    };
    /** Throws what a pull meets. */
    const before = async (call: Call): Promise<void> => {
      if (isOffline(call)) throw new NetworkError(offline);
      await delay(call);
      const type = errorType(call);
      if (type !== undefined) throw errors[type]();
    };
    const skewed = <T extends { readonly clockOffsetMs?: number | undefined }>(call: Call, answer: T): T => {
      const { clockSkewMs = 0 } = settings();
      if (clockSkewMs === 0) return answer;
      note(call, 'clock skew');
      return { ...answer, clockOffsetMs: (answer.clockOffsetMs ?? 0) + clockSkewMs };
    };
    const pushOne = async (op: Op, call: Call, send: () => Promise<PushResult>): Promise<PushResult> => {
      if (isOffline(call)) return pushUnavailable({ dispatched: false, noConnection: true, message: offline });
      try {
        await delay(call);
      } catch {
        return pushUnavailable({ dispatched: false, message: 'aborted before it was sent' });
      }
      const type = errorType(call);
      if (type !== undefined) return answers[type]();
      const result = await send();
      if (hit(settings().cutReplies)) {
        note(call, 'lost answer');
        return pushAmbiguous({ message: `the answer to ${op.kind}/${op.id} was lost, ${injected}` });
      }
      return result.type === 'pushSuccess' ? skewed(call, result) : result;
    };
    const isCalm = (): boolean =>
      Object.values(settings()).every((value) => value === undefined || value === false || value === 0);

    return {
      get capabilities() {
        return inner.capabilities;
      },
      pull: async (request) => {
        await before(request);
        return skewed(request, await inner.pull(request));
      },
      push: async (ops, context) => {
        if (isCalm()) return inner.push(ops, context);
        const results: OpPushResult[] = [];
        // One by one, each with its own fate; entities keep their order that way.
        for (const op of ops) {
          const result = await pushOne(op, context, async () => {
            const batch = await inner.push([op], context.signal === undefined ? {} : { signal: context.signal });
            return (
              batch.results.find(({ opId }) => opId === op.opId)?.result ??
              pushMalformed(`no result for ${op.kind}/${op.id}`)
            );
          });
          results.push({ opId: op.opId, result });
          context.onAnswer?.({ opId: op.opId, result });
        }
        return { results };
      },
      forcePush: (op, context) => pushOne(op, context, () => inner.forcePush(op, context)),
      fetch: async (request) => {
        try {
          await before(request);
        } catch (error) {
          return fetchError(error);
        }
        return inner.fetch(request);
      },
      health: async (context) => {
        try {
          await before(context);
        } catch {
          return false;
        }
        return inner.health(context);
      },
      ...(inner.subscribe === undefined
        ? {}
        : {
            subscribe: (kinds: readonly string[]) =>
              inner.subscribe?.(kinds) ?? { subscribe: () => ({ unsubscribe: () => undefined }) },
          }),
    };
  };
