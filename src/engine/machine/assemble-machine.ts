import { StateMachine } from 'xstate';
import type { Clock } from '../../model/platform/clock.ts';
import type { SyncContext, SyncInput } from '../../machines/machine-context.ts';
import { syncMachine } from '../../machines/sync-machine.ts';
import { createActors } from '../actors/create-actors.ts';
import type { LeaseKeeper } from '../actors/lease-keeper.ts';
import type { RunMemory } from '../actors/run-memory.ts';
import type { OpenQuestions } from '../conflicts/open-questions.ts';
import type { EnginePorts } from '../ports/engine-ports.ts';

/** The chart's type, with an input that may be left out. */
type WithOptionalInput<Machine> =
  Machine extends StateMachine<
    infer Context,
    infer Event,
    infer Children,
    infer Actor,
    infer Action,
    infer Guard,
    infer Delay,
    infer Value,
    infer Tag,
    infer Input,
    infer Output,
    infer Emitted,
    infer Meta,
    infer Schema
  >
    ? StateMachine<Context, Event, Children, Actor, Action, Guard, Delay, Value, Tag, Input | undefined, Output, Emitted, Meta, Schema>
    : never;

/** The chart with its actors and its input: `interpret(machine).start()` is all it needs. */
export type ReadySyncMachine = WithOptionalInput<typeof syncMachine>;

export interface AssembledMachine {
  readonly machine: ReadySyncMachine;
  readonly keeper: LeaseKeeper;
  readonly memory: RunMemory;
  readonly questions: OpenQuestions;
}

/** Gives the chart its actors, made from ports, and what it has to know. */
export function assembleMachine(ports: EnginePorts): AssembledMachine {
  const { actors, keeper, memory, questions } = createActors(ports);
  const provided = syncMachine.provide({
    actors,
    actions: {
      releaseLease: () => {
        keeper.release();
      },
    },
  });
  const input = inputOf(ports);
  const fresh = provided.config.context as (given: { readonly input: SyncInput }) => SyncContext;
  // The input becomes part of the configuration, so that it also survives a later `.provide()`.
  const machine: ReadySyncMachine = new StateMachine(
    { ...provided.config, context: ({ input: given }: { input: SyncInput | undefined }) => fresh({ input: given ?? input }) },
    provided.implementations,
  );
  clocks.set(machine, ports.clock);
  return { machine, keeper, memory, questions };
}

const clocks = new WeakMap<object, Clock>();

/** The clock that a machine was assembled with. */
export const clockOfMachine = (machine: unknown): Clock | undefined => (typeof machine === 'object' && machine !== null ? clocks.get(machine) : undefined);

function inputOf({ kinds, config, random }: EnginePorts): SyncInput {
  const registered = [...kinds.values()];
  const { backoffMinMs, backoffMaxMs, backoffMultiplier, maxRetries, maxConflictRetries, conflictRetryDelayMs } = config;
  return {
    pushKinds: registered.filter(({ pullOnly }) => !pullOnly).map(({ kind }) => kind),
    pullKinds: registered.filter(({ pushOnly }) => !pushOnly).map(({ kind }) => kind),
    limits: { backoffMinMs, backoffMaxMs, backoffMultiplier, maxRetries, maxConflictRetries, conflictRetryDelayMs },
    seed: Math.floor(random() * 2 ** 32),
  };
}
