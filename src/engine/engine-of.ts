import type { SyncEngine } from './api/sync-engine.ts';
import { engineLeading, engineOverDatabase } from './engine-over-database.ts';
import { partsOfMachine } from './machine/assemble-machine.ts';
import type { SyncActor } from './machine/sync-stream.ts';

/**
 * Returns the engine of an actor that was created from `createSyncMachine`: status, explanations, promises, the writer,
 * and what the panel and the triggers need. Starts the actor if it is not running. `dispose()` stops the actor, and
 * stopping the actor ends the engine. Returns the same engine for the same actor. Throws `TypeError` for an actor of
 * another machine and for a stopped actor.
 */
export function engineOf(actor: SyncActor): SyncEngine {
  const known = engineLeading(actor);
  if (known !== undefined) return known;
  const parts = partsOfMachine(actor.logic);
  if (parts?.origin === undefined)
    throw new TypeError('engineOf: pass an actor of a machine created by createSyncMachine');
  if (actor.getSnapshot().status !== 'active')
    throw new TypeError('engineOf: this actor has stopped; create a new one from the machine');
  const { store, options } = parts.origin;
  return engineOverDatabase({ ports: parts.ports, store }, options, { actor, parts });
}
