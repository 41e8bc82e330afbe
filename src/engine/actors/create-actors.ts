import { OpenQuestions } from '../conflicts/open-questions.ts';
import type { EnginePorts } from '../ports/engine-ports.ts';
import { createScopeGuard } from '../scope/scope-guard.ts';
import { createScopedTransport } from '../scope/scoped-transport.ts';
import { createConflictActors } from './conflict-actors.ts';
import { createLeaseKeeper, type LeaseKeeper } from './lease-keeper.ts';
import { createPushActors } from './push-actors.ts';
import { createRunActors } from './run-actors.ts';
import { RunMemory } from './run-memory.ts';

/** Creates the chart's actors, which share one memory and one lease keeper. */
export function createActors(given: EnginePorts): {
  readonly actors: SyncActors;
  readonly keeper: LeaseKeeper;
  readonly memory: RunMemory;
  readonly questions: OpenQuestions;
} {
  const guard = createScopeGuard(given);
  const ports: EnginePorts =
    given.scope === undefined ? given : { ...given, transport: createScopedTransport(given.transport, guard) };
  const { store, clock, config } = ports;
  const memory = new RunMemory();
  const questions = new OpenQuestions(store);
  const keeper = createLeaseKeeper(store.lease, clock, {
    ttlMs: config.leaseTtlMs,
    // The longest pause between two steps of a run is the pause between two rounds of a conflict.
    silenceMs: 2 * Math.max(config.leaseTtlMs, config.conflictRetryDelayMs),
    activity: memory,
  });
  return {
    actors: {
      ...createRunActors(ports, memory, keeper, questions, guard),
      ...createPushActors(ports, memory),
      ...createConflictActors(ports, memory, questions),
    },
    keeper,
    memory,
    questions,
  };
}

export type SyncActors = ReturnType<typeof createRunActors> &
  ReturnType<typeof createPushActors> &
  ReturnType<typeof createConflictActors>;
