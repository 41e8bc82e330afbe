import { lastLook, setLastLook } from '../../model/last-look.ts';
import type { OpPushResult, TransportAdapter } from '../../model/transport.ts';
import type { ScopeGuard } from './scope-guard.ts';

/**
 * A transport that passes nothing between a server and the database of another user (F-143). Checks the active account
 * before each call, immediately before each request is sent, and before each response is returned. Rejects with
 * `SyncStepError` `scopeChanged`, but passes on earlier answers.
 */
export function createScopedTransport(inner: TransportAdapter, guard: ScopeGuard): TransportAdapter {
  const within = async <T>(
    outer: AbortSignal | undefined,
    work: (signal: AbortSignal, look: () => void) => Promise<T>,
  ): Promise<T> => {
    await guard.assert();
    const controller = new AbortController();
    const look = (): void => {
      if (guard.hasChanged()) controller.abort();
    };
    const abort = (): void => controller.abort(outer?.reason);
    if (outer?.aborted === true) abort();
    outer?.addEventListener('abort', abort, { once: true });
    setLastLook(controller.signal, () => {
      lastLook(outer);
      look();
    });
    try {
      return await work(controller.signal, look);
    } catch (error) {
      // The check interrupted the request, so its reason precedes the error of the transport.
      await guard.assert();
      throw error;
    } finally {
      outer?.removeEventListener('abort', abort);
    }
  };
  const { subscribe } = inner;
  return {
    get capabilities() {
      return inner.capabilities;
    },
    health: (context) => inner.health(context),
    ...(subscribe === undefined ? {} : { subscribe: (kinds) => subscribe.call(inner, kinds) }),
    pull: (request) =>
      within(request.signal, async (signal) => {
        const page = await inner.pull({ ...request, signal });
        await guard.assert();
        return page;
      }),
    fetch: (request) =>
      within(request.signal, async (signal) => {
        const fetched = await inner.fetch({ ...request, signal });
        await guard.assert();
        return fetched;
      }),
    push: (ops, context) =>
      within(context.signal, async (signal, look) => {
        const onAnswer = (answer: OpPushResult): void => {
          context.onAnswer?.(answer);
          look();
        };
        const pushed = await inner.push(ops, { ...context, signal, onAnswer });
        if (guard.hasChanged()) {
          // These requests were sent for the right owner, so their answers count.
          for (const answer of pushed.results) context.onAnswer?.(answer);
          await guard.assert();
        }
        return pushed;
      }),
    forcePush: (op, context) => within(context.signal, (signal) => inner.forcePush(op, { ...context, signal })),
  };
}
