import type { SyncEngine } from './api/sync-engine.ts';
import { engineLeading, engineOverDatabase } from './engine-over-database.ts';
import { partsOfMachine } from './machine/assemble-machine.ts';
import type { SyncActor } from './machine/sync-stream.ts';

/**
 * Gives the engine of an actor that you made from `createSyncMachine`: status, explanations, promises, the writer, and
 * what the panel and the triggers take. Starts the actor if it is not running yet. `dispose()` stops the actor; an
 * actor that you stop ends the engine. The same actor always has the same engine. Throws `TypeError` for an actor of
 * another machine, and for one that has stopped.
 */
export function engineOf(actor: SyncActor): SyncEngine {
  const known = engineLeading(actor);
  if (known !== undefined) return known;
  const parts = partsOfMachine(actor.logic);
  if (parts?.origin === undefined)
    throw new TypeError('engineOf: give it an actor of a machine that createSyncMachine made');
  if (actor.getSnapshot().status !== 'active')
    throw new TypeError('engineOf: this actor has stopped; make a new one from the machine');
  const { store, options } = parts.origin;
  return engineOverDatabase({ ports: parts.ports, store }, options, { actor, parts });
}
