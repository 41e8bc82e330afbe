import { and, not, or } from 'xstate';
import { sync } from '../setup/sync-setup.ts';
import { expired, told } from './wiring.ts';

/** The single place where runs begin. Considers every stored request, whatever its source. */
export const idle = sync.createStateConfig({
  id: 'idle',
  entry: 'releaseLease',
  always: [
    {
      guard: and(['isAwaited', 'isSignedOut']),
      actions: [
        told({ type: 'request.refused', because: 'authRequired' }),
        { type: 'rejectRequest', params: expired },
        'releaseWaiters',
      ],
    },
    {
      guard: and(['hasRequest', 'isSignedIn', 'isOnline', or(['isAwaited', not('isHeldBack')])]),
      target: 'standby',
      actions: { type: 'beginRun', params: {} },
    },
    // Tries once although offline, because ports may be wrong and somebody waits for a result.
    {
      guard: and(['isAwaited', 'isSignedIn']),
      target: 'standby',
      actions: { type: 'beginRun', params: { maxRetries: 0 } },
    },
  ],
});
