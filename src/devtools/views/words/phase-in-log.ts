import { phaseOfValue } from '../../../machines/phase-of.ts';
import type { StateValueJson } from '../../protocol/log-entry.ts';
import type { SyncPhaseName } from '../../../model/status.ts';

/**
 * The phase that a logged state value stands for; `undefined`: nothing is going on. To a log, a page is part of the
 * pull.
 */
export function phaseInLog(value: StateValueJson): SyncPhaseName | undefined {
  const phase = phaseOfValue(value);
  if (phase === 'paging') return 'pulling';
  return phase === 'idle' || phase === 'offline' || phase === 'authRequired' ? undefined : phase;
}

/** Names from the outside in, along the first member of each level: below a region there is only one. */
export function pathOf(value: StateValueJson): readonly string[] {
  if (typeof value === 'string') return value === '' ? [] : [value];
  const [first] = Object.entries(value);
  return first === undefined ? [] : [first[0], ...pathOf(first[1])];
}
