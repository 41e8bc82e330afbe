import { StateMachine, type AnyMachineSnapshot, type AnyStateMachine } from 'xstate';

const AnyMachine = StateMachine as object as new (config: object, implementations: object) => AnyStateMachine;

/**
 * A machine whose state is in the database. An actor restored from a snapshot starts anew and reads its state there.
 * XState sets no timers for a snapshot, so an actor restored during a backoff would wait forever. An actor that had
 * ended stays ended.
 */
class StoredMachine extends AnyMachine {
  override restoreSnapshot(...[snapshot, scope]: Parameters<AnyStateMachine['restoreSnapshot']>): AnyMachineSnapshot {
    return snapshot.status === 'active'
      ? (this.getInitialSnapshot(scope as never) as AnyMachineSnapshot)
      : (super.restoreSnapshot(snapshot, scope) as AnyMachineSnapshot);
  }

  override provide(...given: Parameters<AnyStateMachine['provide']>): AnyStateMachine {
    const { config, implementations } = super.provide(...given);
    return storedMachine(config, implementations);
  }
}

export const storedMachine = (config: object, implementations: object): AnyStateMachine =>
  new StoredMachine(config, implementations);
