import type { DevtoolsAgent } from '../agent/devtools-agent.ts';
import { recall, remember, type KeyValueStorage } from '../mount/remembered.ts';
import type { DevtoolsChannel } from '../protocol/messages.ts';
import { afterThisCall } from '../../model/platform/after-this-call.ts';

/**
 * Keeps the offline latch of a page as it is after each message of a panel. Call it before the agent is connected to
 * the channel.
 */
export function rememberOffline(
  agent: DevtoolsAgent,
  channel: DevtoolsChannel,
  storage: KeyValueStorage | undefined,
  key: string,
): void {
  channel.subscribe(() => {
    // The agent, which hears the same message, has done by then what changes faults.
    afterThisCall(() => {
      const offline = agent.view().faults.offline === true;
      const kept = recall(storage, key);
      if (kept.offline !== offline) remember(storage, key, { ...kept, offline });
    });
  });
}
