import { expect, test } from 'vitest';
import { phaseInLog } from '../../src/devtools/views/words/phase-in-log.ts';
import type { StateValueJson } from '../../src/devtools/protocol/log-entry.ts';

const at = (activity: StateValueJson): StateValueJson => ({ activity, network: 'online', session: 'signedIn' });

test.for<readonly [StateValueJson, string | undefined]>([
  [at({ running: 'planning' }), 'planning'],
  [at({ standby: 'asking' }), 'planning'],
  [at({ standby: 'polling' }), 'standby'],
  [at({ running: { pulling: 'paging' } }), 'pulling'],
  [at({ running: { pulling: 'fetching' } }), 'pulling'],
  [at({ running: 'somethingOfAnotherRelease' }), 'pushing'],
  [at('backoff'), 'backoff'],
  [at({ paused: 'resting' }), 'paused'],
  [at('idle'), undefined],
  [{ activity: 'idle', network: 'offline', session: 'authRequired' }, undefined],
])('I12: the log names the phase of %j as the engine does: %s', ([value, phase]) => {
  expect(phaseInLog(value)).toBe(phase);
});
