import type { InspectionEvent } from 'xstate';
import type { SyncActor } from '../../../engine/machine/sync-stream.ts';

type System = SyncActor['system'];
/** As XState makes it, before it is copied for its inspectors. */
type Told = InspectionEvent extends infer Event
  ? Event extends InspectionEvent
    ? Omit<Event, 'rootId'>
    : never
  : never;
type Tell = (told: Told) => void;

/** Where XState keeps it; it is no part of its public types. */
const place = '_sendInspectionEvent';

/**
 * Hears what XState tells its inspectors. It is heard where XState tells it: for its inspectors each event of each
 * actor is copied first, one for each announced operation among them, and those copies alone would cost more than the
 * rest of the log. An XState that does not have that place is inspected in the ordinary way. Inspectors of the app hear
 * everything as before. Returns the function that ends it.
 */
export function hearSteps(system: System, hear: Tell): () => void {
  const tell: unknown = Reflect.get(system, place);
  if (!isTell(tell)) return inspected(system, hear);
  let isOver = false;
  const heard: Tell = (told) => {
    if (!isOver) hear(told);
    tell(told);
  };
  if (!Reflect.set(system, place, heard)) return inspected(system, hear);
  return () => {
    isOver = true;
    // Whoever has put something over it since then keeps that, and this one is silent.
    if (Reflect.get(system, place) === heard) Reflect.set(system, place, tell);
  };
}

const isTell = (value: unknown): value is Tell => typeof value === 'function';

function inspected(system: System, hear: Tell): () => void {
  const inspecting = system.inspect(hear);
  return () => inspecting.unsubscribe();
}
