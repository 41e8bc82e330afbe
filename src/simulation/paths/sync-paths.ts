import { getShortestPaths } from 'xstate/graph';
import { phaseOf } from '../../machines/phase-of.ts';
import { syncMachine } from '../../machines/sync-machine.ts';
import type { SyncPhaseName } from '../../model/status.ts';
import { causeOf, placeOf, stateKey, syncGraph, type SyncCause } from './sync-graph.ts';

export interface SyncPathStep {
  readonly cause: SyncCause;
  /** The position of the chart after the step, such as `running.pushing.sending`. */
  readonly place: string;
  readonly phase: SyncPhaseName;
  /** The position and everything else that distinguishes this state. */
  readonly key: string;
}

/** A shortest path from the start of the chart to one of its states. */
export interface SyncPath {
  /** The causes in order and the final state, in one line, usable as a test title. */
  readonly description: string;
  readonly place: string;
  readonly phase: SyncPhaseName;
  readonly key: string;
  readonly steps: readonly SyncPathStep[];
}

function wordsOf(cause: SyncCause): string {
  if (cause.type === 'command') return cause.event.type;
  if (cause.type === 'delay') return `wait for ${cause.delay.split('.')[0] ?? cause.delay}`;
  return `${cause.actor}: ${cause.failure ?? cause.answer}`;
}

/** Returns a shortest path to each state of the chart, about 250 in total. Takes about a second. */
export function syncPaths(): readonly SyncPath[] {
  return getShortestPaths(syncMachine, syncGraph()).map(({ state, steps }) => {
    // The first step is the start itself.
    const ways = steps.slice(1).map(({ event, state: after }): SyncPathStep => {
      const cause = causeOf(event);
      if (cause === undefined) throw new Error(`syncPaths: the graph holds an event of another source, ${event.type}`);
      return { cause, place: placeOf(after), phase: phaseOf(after), key: stateKey(after) };
    });
    const key = stateKey(state);
    return {
      description: [...ways.map(({ cause }) => wordsOf(cause)), key].join(' → '),
      place: placeOf(state),
      phase: phaseOf(state),
      key,
      steps: ways,
    };
  });
}
