import type { SyncFailure } from '../../model/errors/failure.ts';
import { sync } from '../setup/sync-setup.ts';
import { accept, told } from './wiring.ts';

const engineStopped: SyncFailure = { type: 'stopped', message: 'the engine was stopped' };

/** The database is unusable. Every waiting promise receives the failure; a command tries again. */
export const failed = sync.createStateConfig({
  id: 'failed',
  tags: 'attention',
  entry: ['releaseLease', { type: 'rejectRequest', params: ({ context }) => context.failure }, 'dropAwaited'],
  on: {
    SYNC: { target: 'starting', actions: accept },
    FULL_RESYNC: { target: 'starting', actions: accept },
    RESUME: 'starting',
    PAUSE: 'starting',
  },
});

/** The engine is disposed. Every waiting promise is rejected. */
export const stopped = sync.createStateConfig({
  id: 'stopped',
  type: 'final',
  entry: [
    'releaseLease',
    { type: 'announceEnded', params: { failure: engineStopped } },
    { type: 'rejectRequest', params: engineStopped },
    'dropRun',
    told({ type: 'engine.stopped' }),
  ],
});
