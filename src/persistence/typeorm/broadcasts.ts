import type { EntityMetadata, QueryRunner } from 'typeorm';
import type { Broadcaster } from 'typeorm/subscriber/Broadcaster.js';

export type BroadcastName = keyof Broadcaster & `broadcast${string}Event`;
type Broadcast = (...parameters: readonly unknown[]) => void;
/**
 * `told` is TypeORM's collector of results, followed by the metadata, the entity or entities, and the stored entity if
 * there is one.
 */
export type Listener = (told: unknown, metadata: EntityMetadata, ...rest: readonly unknown[]) => void;

/**
 * Replaces `Broadcaster.broadcast…Event` of a query runner. TypeORM calls these for every entity that it loads or
 * persists, including cascades. Calls `listen` first, and the app's listeners and subscribers only if `isHeard` allows
 * it.
 */
export function beforeBroadcast(
  { broadcaster }: QueryRunner,
  name: BroadcastName,
  listen: Listener,
  isHeard: () => boolean,
): void {
  const original = (Reflect.get(broadcaster, name) as Broadcast).bind(broadcaster);
  const broadcast: Broadcast = (told, metadata, ...rest) => {
    listen(told, metadata as EntityMetadata, ...rest);
    if (isHeard()) original(told, metadata, ...rest);
  };
  Object.defineProperty(broadcaster, name, { value: broadcast, configurable: true, writable: true });
}
