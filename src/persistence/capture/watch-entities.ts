import type { EntityMetadata, ObjectLiteral, QueryRunner } from 'typeorm';
import type { Broadcaster } from 'typeorm/subscriber/Broadcaster.js';
import type { Capture } from './capture.ts';
import { checkValues } from './check-values.ts';
import type { CapturedTable } from './captured-table.ts';
import { takeSnapshot } from './loaded-snapshots.ts';
import { isQuiet } from './quiet-saves.ts';
import { rebaseEntity } from './rebase-entity.ts';

type Event = (...parameters: readonly unknown[]) => void;
interface Told {
  /** TypeORM looks for changes anew when this is above 0. */
  count: number;
}

const isObject = (value: unknown): value is ObjectLiteral => typeof value === 'object' && value !== null && !(value instanceof Promise);

/**
 * Hears of the entity objects that a query runner loads and persists, cascades included, ahead of the app's listeners: keeps what was loaded, and
 * brings what is saved up to date in all that the user did not change (F-140).
 */
export function watchEntities(capture: Capture, runner: QueryRunner): void {
  const { broadcaster } = runner;
  const before = (
    name: keyof Broadcaster & `broadcast${string}Event`,
    listen: (told: Told, metadata: EntityMetadata, ...rest: readonly unknown[]) => void,
  ): void => {
    const original = (Reflect.get(broadcaster, name) as Event).bind(broadcaster);
    const event: Event = (told, metadata, ...rest) => {
      listen(told as Told, metadata as EntityMetadata, ...rest);
      if (!isQuiet(runner)) original(told, metadata, ...rest);
    };
    Object.defineProperty(broadcaster, name, { value: event, configurable: true, writable: true });
  };
  const seen = (table: CapturedTable, entity: unknown, stored: unknown): void => {
    const snapshot = isObject(entity) ? capture.snapshots.of(entity) : undefined;
    const id = idOf(table, stored) ?? idOf(table, entity);
    if (snapshot !== undefined && id !== undefined) capture.journalOf(runner)?.noteSeen(table, id, snapshot);
  };
  const saved = (metadata: EntityMetadata, entity: unknown): void => {
    const table = capture.tableOf(metadata);
    if (table !== undefined && isObject(entity) && idOf(table, entity) !== undefined) capture.journalOf(runner)?.noteSaved(entity, takeSnapshot(table, entity));
  };

  before('broadcastLoadEvent', (_, metadata, entities) => keepLoaded(capture, metadata, entities));
  before('broadcastBeforeInsertEvent', (_, metadata, entity) => {
    const table = capture.tableOf(metadata);
    if (table !== undefined && isObject(entity) && capture.journalOf(runner) !== undefined) checkValues(table, entity, { isNew: true });
  });
  before('broadcastBeforeUpdateEvent', (told, metadata, entity, stored) => {
    const table = capture.tableOf(metadata);
    if (table === undefined || !isObject(entity) || capture.journalOf(runner) === undefined) return;
    checkValues(table, entity, { isNew: false });
    if (!isObject(stored)) return;
    seen(table, entity, stored);
    if (rebaseEntity(table, entity, stored, capture.snapshots.of(entity))) told.count += 1;
  });
  for (const name of ['broadcastBeforeRemoveEvent', 'broadcastBeforeSoftRemoveEvent', 'broadcastBeforeRecoverEvent'] as const) {
    before(name, (_, metadata, entity, stored) => {
      const table = capture.tableOf(metadata);
      if (table !== undefined) seen(table, entity, stored);
    });
  }
  before('broadcastAfterInsertEvent', (_, metadata, entity) => saved(metadata, entity));
  before('broadcastAfterUpdateEvent', (_, metadata, entity, stored) => {
    if (stored !== undefined) saved(metadata, entity);
  });
}

function idOf(table: CapturedTable, entity: unknown): string | undefined {
  if (!isObject(entity)) return undefined;
  const [column] = table.replica.metadata.primaryColumns;
  const id: unknown = column?.getEntityValue(entity);
  return typeof id === 'string' || typeof id === 'number' ? String(id) : undefined;
}

/** Also what was loaded along with the entities. Lazy relations are not touched: asking for them would load them. */
function keepLoaded(capture: Capture, metadata: EntityMetadata, entities: unknown): void {
  const table = capture.tableOf(metadata);
  for (const entity of Array.isArray(entities) ? (entities as readonly unknown[]) : []) {
    if (table !== undefined && isObject(entity)) capture.snapshots.keep(entity, takeSnapshot(table, entity));
  }
}
