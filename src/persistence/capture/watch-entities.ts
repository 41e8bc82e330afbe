import type { EntityMetadata, ObjectLiteral, QueryRunner } from 'typeorm';
import { beforeBroadcast, type BroadcastName, type Listener } from '../typeorm/broadcasts.ts';
import type { Capture } from './capture.ts';
import { checkValues } from './entities/check-values.ts';
import type { CapturedTable } from './entities/captured-table.ts';
import { takeSnapshot } from './entities/loaded-snapshots.ts';
import { graphsOf } from './entities/persist-entities.ts';
import { rebaseEntity } from './entities/rebase-entity.ts';
import { refuseUnseenEdit } from './entities/refuse-unseen-edit.ts';

const isObject = (value: unknown): value is ObjectLiteral =>
  typeof value === 'object' && value !== null && !(value instanceof Promise);

/**
 * Observes the entity objects that a query runner loads and persists, including cascades, before the app's listeners.
 * Stores loaded states, and updates unchanged fields of saved entities (F-140).
 */
export function watchEntities(capture: Capture, runner: QueryRunner): void {
  const before = (name: BroadcastName, listen: Listener): void =>
    beforeBroadcast(runner, name, listen, () => !graphsOf(runner).some(({ isQuiet }) => isQuiet));
  const seen = (table: CapturedTable, entity: unknown, stored: unknown): void => {
    const snapshot = isObject(entity) ? capture.snapshots.of(entity) : undefined;
    const id = idOf(table, stored) ?? idOf(table, entity);
    if (snapshot !== undefined && id !== undefined) capture.journalOf(runner)?.noteSeen(table, id, snapshot);
  };
  const saved = (metadata: EntityMetadata, entity: unknown): void => {
    const table = capture.tableOf(metadata);
    if (table === undefined || !isObject(entity) || idOf(table, entity) === undefined) return;
    const before = capture.snapshots.of(entity);
    const aside = graphsOf(runner).flatMap((graph) => graph.asideOf(entity));
    capture.journalOf(runner)?.noteSaved(entity, {
      ...takeSnapshot(table, entity),
      ...Object.fromEntries(aside.map((name) => [name, before?.[name]])),
    });
  };

  before('broadcastLoadEvent', (_, metadata, entities) => {
    const loaded = (Array.isArray(entities) ? (entities as readonly unknown[]) : []).filter(isObject);
    keepLoaded(capture, metadata, loaded);
    const table = capture.tableOf(metadata);
    const graphs = table === undefined || capture.journalOf(runner) === undefined ? [] : graphsOf(runner);
    // A save loads the rows of its entities to compare them. At this point unchanged fields are updated.
    if (table === undefined) return;
    for (const graph of graphs) {
      for (const stored of loaded) {
        for (const entity of graph.of(metadata, stored)) {
          checkValues(table, entity, { isNew: false });
          rebaseEntity(table, entity, stored, {
            snapshot: capture.snapshots.of(entity),
            setAside: (of, column) => graph.setAside(of, column),
          });
        }
      }
    }
  });
  before('broadcastBeforeInsertEvent', (_, metadata, entity) => {
    const table = capture.tableOf(metadata);
    if (table !== undefined && isObject(entity) && capture.journalOf(runner) !== undefined)
      checkValues(table, entity, { isNew: true });
  });
  before('broadcastBeforeUpdateEvent', (_, metadata, entity, stored) => {
    const table = capture.tableOf(metadata);
    if (table === undefined || !isObject(entity) || capture.journalOf(runner) === undefined) return;
    checkValues(table, entity, { isNew: false });
    if (!isObject(stored)) return;
    refuseUnseenEdit(table, entity, stored);
    seen(table, entity, stored);
  });
  for (const name of [
    'broadcastBeforeRemoveEvent',
    'broadcastBeforeSoftRemoveEvent',
    'broadcastBeforeRecoverEvent',
  ] as const) {
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

/** Includes entities loaded along with these, because TypeORM reports them, too. */
function keepLoaded(capture: Capture, metadata: EntityMetadata, loaded: readonly ObjectLiteral[]): void {
  const table = capture.tableOf(metadata);
  for (const entity of loaded) {
    if (table !== undefined) capture.snapshots.keep(entity, takeSnapshot(table, entity));
    if (metadata.oneToManyRelations.length > 0) capture.children.keep(metadata, entity);
  }
}
