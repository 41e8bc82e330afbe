import { StateMachine, type AnyMachineSnapshot, type AnyStateMachine } from 'xstate';

const AnyMachine = StateMachine as object as new (config: object, implementations: object) => AnyStateMachine;

/**
 * A machine whose state is in the database. An actor that is restored from a snapshot begins anew and reads its state
 * there: XState arms no timer of a snapshot, so an actor that was restored in its backoff would wait for ever. An actor
 * that had ended stays ended.
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
