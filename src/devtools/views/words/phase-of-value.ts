import type { SyncPhaseName } from '../../../machines/phase-of.ts';
import type { StateValueJson } from '../../protocol/log-entry.ts';

/** The phase that a logged state value stands for; `undefined`: nothing is going on. */
export function phaseOfValue(value: StateValueJson): SyncPhaseName | undefined {
  const [activity = '', inner = ''] = pathOf(typeof value === 'string' ? value : (value['activity'] ?? ''));
  switch (activity) {
    case 'running':
      return runningPhases[inner] ?? 'pushing';
    case 'standby':
      return inner === 'asking' ? 'planning' : 'standby';
    case 'starting':
    case 'paused':
    case 'backoff':
    case 'failed':
    case 'stopped':
      return activity;
    default:
      return undefined;
  }
}

const runningPhases: Readonly<Record<string, SyncPhaseName>> = {
  planning: 'planning',
  pushing: 'pushing',
  resolvingConflict: 'resolvingConflict',
  pulling: 'pulling',
  fullResync: 'fullResync',
  finishing: 'finishing',
};

/** Names from the outside in, along the first member of each level: below a region there is only one. */
export function pathOf(value: StateValueJson): readonly string[] {
  if (typeof value === 'string') return value === '' ? [] : [value];
  const [first] = Object.entries(value);
  return first === undefined ? [] : [first[0], ...pathOf(first[1])];
}
