import type { OperationView } from '../../src/devtools/protocol/messages.ts';
import type { Json, JsonObject } from '../../src/model/values/json.ts';
import empty from '../fixtures/empty.json';
import captured from '../fixtures/phases.json';
import type { CapturedPhases } from './capture-phases.ts';
import type { SyncPhaseName } from '../../src/model/status.ts';

const given: unknown = captured;
export const capturedPhases = given as CapturedPhases;

/** What a panel knew when the engine was first seen in a phase. */
export function phaseBundle(phase: SyncPhaseName): Json {
  const found = capturedPhases.phases.find((candidate) => candidate.phase === phase);
  if (found === undefined) throw new RangeError(`no engine was seen in the phase ${phase}`);
  const entries = (capturedPhases.acts[found.act] ?? []).filter(({ id }) => id <= found.lastId);
  const bundle: unknown = { ...empty, at: found.view.at, view: found.view, entries };
  return bundle as JsonObject;
}

/** One operation for each reason why one can wait. Some were the same one at different times: here each is its own. */
export const operationsByReason: readonly OperationView[] = capturedPhases.operations.map((operation, index) => ({
  ...operation,
  opId: `${operation.opId.slice(0, -2)}${String(index).padStart(2, '0')}`,
}));
