import { StateMachine } from 'xstate';
import type { SyncContext, SyncInput } from '../../machines/machine-context.ts';
import { syncMachine } from '../../machines/sync-machine.ts';
import { createActors } from '../actors/create-actors.ts';
import type { LeaseKeeper } from '../actors/lease-keeper.ts';
import type { RunMemory } from '../actors/run-memory.ts';
import type { OpenQuestions } from '../conflicts/open-questions.ts';
import type { Store } from '../../persistence/create-store.ts';
import type { SyncMachineOptions } from '../ports/engine-options.ts';
import type { EnginePorts } from '../ports/engine-ports.ts';
import { storedMachine } from './stored-machine.ts';

/** The chart's type with an optional input. */
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
    ? StateMachine<
        Context,
        Event,
        Children,
        Actor,
        Action,
        Guard,
        Delay,
        Value,
        Tag,
        Input | undefined,
        Output,
        Emitted,
        Meta,
        Schema
      >
    : never;

/** The chart with its actors and input. `interpret(machine).start()` needs nothing else. */
export type ReadySyncMachine = WithOptionalInput<typeof syncMachine>;

/** The settings and ports of a machine that the app created. */
export interface MachineOrigin {
  readonly store: Store;
  readonly options: Pick<SyncMachineOptions, 'dataSource' | 'tables'>;
}

/** What an engine needs of its machine. */
export interface MachineParts {
  readonly ports: EnginePorts;
  readonly keeper: LeaseKeeper;
  readonly memory: RunMemory;
  readonly questions: OpenQuestions;
  readonly origin?: MachineOrigin | undefined;
}

export interface AssembledMachine {
  readonly machine: ReadySyncMachine;
  readonly parts: MachineParts;
}

const machineParts = Symbol('parts of the machine');

/** Provides the chart with its input and with actors built from ports. */
export function assembleMachine(ports: EnginePorts, origin?: MachineOrigin): AssembledMachine {
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
  const parts: MachineParts = { ports, keeper, memory, questions, origin };
  // Input and parts belong to the configuration, so that they survive a later `.provide()`.
  const config = {
    ...provided.config,
    context: ({ input: given }: { input: SyncInput | undefined }) => fresh({ input: given ?? input }),
    [machineParts]: parts,
  };
  return { machine: storedMachine(config, provided.implementations), parts };
}

/** The parts of a machine that was assembled here; undefined for any other machine. */
export const partsOfMachine = (machine: unknown): MachineParts | undefined =>
  machine instanceof StateMachine
    ? (machine.config as { readonly [machineParts]?: MachineParts })[machineParts]
    : undefined;

function inputOf({ kinds, config, random }: EnginePorts): SyncInput {
  const registered = [...kinds.values()];
  const { backoffMinMs, backoffMaxMs, backoffMultiplier, maxRetries, maxConflictRetries, conflictRetryDelayMs } =
    config;
  return {
    pushKinds: registered.filter(({ pullOnly }) => !pullOnly).map(({ kind }) => kind),
    pullKinds: registered.filter(({ pushOnly }) => !pushOnly).map(({ kind }) => kind),
    limits: { backoffMinMs, backoffMaxMs, backoffMultiplier, maxRetries, maxConflictRetries, conflictRetryDelayMs },
    seed: Math.floor(random() * 2 ** 32),
  };
}
