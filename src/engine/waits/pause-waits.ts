import { phaseOf } from '../../machines/phase-of.ts';
import type { SyncSnapshot } from '../../machines/sync-machine.ts';

/** Told to pause, and not yet told otherwise. */
const isBoundForPause = (snapshot: SyncSnapshot): boolean =>
  snapshot.matches({ activity: { paused: 'resting' } }) || snapshot.matches({ intent: 'pausing' });

/** Whether the pause itself is still being stored. */
const isBeingStored = (snapshot: SyncSnapshot): boolean =>
  Object.values(snapshot.children).some(
    (child) => child !== undefined && child.src === 'rememberPaused' && child.getSnapshot().status === 'active',
  );

/**
 * Makes the question whether `pause()` is done, for each snapshot from the command on: the pause holds and is stored,
 * the engine cannot pause any more, or somebody has told it to go on meanwhile, which leaves nothing to wait for (I8).
 */
export function pauseReached(): (snapshot: SyncSnapshot) => boolean {
  let wasBound = false;
  return (snapshot) => {
    if (phaseOf(snapshot) === 'failed') return true;
    if (!isBoundForPause(snapshot)) return wasBound;
    wasBound = true;
    return snapshot.matches({ activity: 'paused' }) && !isBeingStored(snapshot);
  };
}

/**
 * As {@link pauseReached}, for `resume()`: the engine is not paused, or somebody has told it to pause again meanwhile.
 */
export function resumeReached(): (snapshot: SyncSnapshot) => boolean {
  let wasLeaving = false;
  return (snapshot) => {
    if (!snapshot.matches({ activity: 'paused' })) return true;
    if (!snapshot.matches({ activity: { paused: 'leaving' } })) return wasLeaving;
    wasLeaving = true;
    return false;
  };
}
