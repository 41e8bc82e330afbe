import { timerMs } from '../../rules/sync-rules.ts';
import { withAnnouncements } from './announcements.ts';

/** Every name that the states of the chart may use. */
export const sync = withAnnouncements.extend({
  delays: {
    retryDelay: ({ context }) => timerMs(context.wait?.delayMs ?? 0),
    probeDelay: ({ context }) => timerMs(context.limits.backoffMaxMs),
    leasePollDelay: 250,
    conflictRetryDelay: ({ context }) => timerMs(context.limits.conflictRetryDelayMs),
  },
});
