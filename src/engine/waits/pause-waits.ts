import { phaseOf } from '../../machines/phase-of.ts';
import type { SyncSnapshot } from '../../machines/sync-machine.ts';

/** Whether the last command was PAUSE. */
const isBoundForPause = (snapshot: SyncSnapshot): boolean =>
  snapshot.matches({ activity: { paused: 'resting' } }) || snapshot.matches({ intent: 'pausing' });

/** Whether the pause itself is still being stored. */
const isBeingStored = (snapshot: SyncSnapshot): boolean =>
  Object.values(snapshot.children).some(
    (child) => child !== undefined && child.src === 'rememberPaused' && child.getSnapshot().status === 'active',
  );

/**
 * Creates the condition under which `pause()` is complete, for each snapshot after the command: the pause is stored,
 * the engine can no longer pause, or a later command resumed it (I8).
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

/** Like {@link pauseReached}, for `resume()`: the engine is not paused, or a later command paused it again. */
export function resumeReached(): (snapshot: SyncSnapshot) => boolean {
  let wasLeaving = false;
  return (snapshot) => {
    if (!snapshot.matches({ activity: 'paused' })) return true;
    if (!snapshot.matches({ activity: { paused: 'leaving' } })) return wasLeaving;
    wasLeaving = true;
    return false;
  };
}
