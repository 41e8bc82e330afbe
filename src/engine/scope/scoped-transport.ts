import { lastLook, setLastLook } from '../../model/last-look.ts';
import type { OpPushResult, TransportAdapter } from '../../model/transport.ts';
import type { ScopeGuard } from './scope-guard.ts';

/**
 * A transport that lets nothing pass between a server and a database of two different users (F-143): whose turn it is
 * is looked at before each call, right before each request leaves, and before an answer comes back. Rejects with
 * `SyncStepError` `scopeChanged`; what was answered before is passed on.
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
      // Cut off by the look: that is the reason, whatever the transport makes of it.
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
          // Sent for the one whose data it is: these answers count.
          for (const answer of pushed.results) context.onAnswer?.(answer);
          await guard.assert();
        }
        return pushed;
      }),
    forcePush: (op, context) => within(context.signal, (signal) => inner.forcePush(op, { ...context, signal })),
  };
}
