import type { DevtoolsChannel } from './messages.ts';
import { afterThisCall } from '../../model/platform/after-this-call.ts';

/** Two ends in one process. What is posted arrives later, never inside the call, as through any other channel. */
export function createLocalChannel(): { readonly engineEnd: DevtoolsChannel; readonly panelEnd: DevtoolsChannel } {
  const listeners = { engine: new Set<(message: unknown) => void>(), panel: new Set<(message: unknown) => void>() };
  const end = (own: Set<(message: unknown) => void>, other: Set<(message: unknown) => void>): DevtoolsChannel => ({
    post: (message) => {
      afterThisCall(() => {
        for (const listener of [...other]) listener(message);
      });
    },
    subscribe: (listener) => {
      own.add(listener);
      return () => own.delete(listener);
    },
    close: () => own.clear(),
  });
  return { engineEnd: end(listeners.engine, listeners.panel), panelEnd: end(listeners.panel, listeners.engine) };
}
