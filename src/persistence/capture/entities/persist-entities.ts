import {
  EntitySchema,
  type DataSource,
  type EntityManager,
  type EntityMetadata,
  type EntityTarget,
  type ObjectLiteral,
  type QueryRunner,
} from 'typeorm';
import { managerMethod, replaceManagerMethods, type ManagerMethod } from '../../typeorm/managers.ts';
import type { ListToSave, LoadedChildren } from './loaded-children.ts';
import { SavedGraph, walkGraph } from './saved-graph.ts';

interface Options {
  readonly listeners?: boolean;
  readonly data?: object;
}
/** `save(target, entities, options)`, or `save(entities, options)`. */
interface Call {
  readonly target: EntityTarget<ObjectLiteral> | undefined;
  readonly entities: readonly unknown[];
  readonly options: Options;
  with(options: Options): readonly unknown[];
}

/** The saves in progress, keyed by the `data` that TypeORM passes to the query runner. */
const saving = new WeakMap<object, Set<SavedGraph>>();

/** The saves in progress on this query runner. */
export function graphsOf({ data }: QueryRunner): readonly SavedGraph[] {
  const graphs = typeof data === 'object' ? saving.get(data) : undefined;
  return graphs === undefined ? [] : [...graphs];
}

/**
 * Wraps `save`, `remove`, `softRemove` and `recover` of a data source's managers. The wrapper knows which objects
 * represent the rows that TypeORM will compare. It limits `{ listeners: false }` to the app's listeners. It also
 * prevents that a list of children counts as complete.
 */
export function persistEntities(dataSource: DataSource, children: LoadedChildren): void {
  const wrapped = Object.fromEntries(
    (['save', 'remove', 'softRemove', 'recover'] as const).map((name) => {
      const original = managerMethod(name);
      const persist: ManagerMethod = function (...given) {
        const call = callOf(given);
        const isQuiet = call.options.listeners === false;
        const graph = new SavedGraph(isQuiet);
        const lists: ListToSave[] = [];
        walkGraph(
          call.entities,
          (entity) => metadataOf(dataSource, call.target, entity),
          (metadata, entity) => {
            graph.add(metadata, entity);
            if (name !== 'remove') lists.push(...children.of(entity));
          },
        );
        const save = (manager: EntityManager): Promise<unknown> => {
          const data = call.options.data ?? manager.queryRunner?.data ?? {};
          const options = {
            ...call.options,
            ...(isQuiet ? { listeners: true } : {}),
            ...(manager.queryRunner?.data === data ? {} : { data }),
          };
          return whileSaving(data, graph, () => original.apply(manager, [...call.with(options)]));
        };
        if (lists.length === 0) return save(this);
        const saveWhole = (manager: EntityManager): Promise<unknown> =>
          children.withNewcomers(manager, lists, () => save(manager));
        const saved = this.queryRunner?.isTransactionActive === true ? saveWhole(this) : this.transaction(saveWhole);
        return saved.then((result) => {
          children.keepSaved(lists);
          return result;
        });
      };
      return [name, persist];
    }),
  );
  replaceManagerMethods(dataSource, wrapped);
}

async function whileSaving(data: object, graph: SavedGraph, save: () => Promise<unknown>): Promise<unknown> {
  const graphs = saving.get(data) ?? new Set();
  saving.set(data, graphs.add(graph));
  try {
    return await save();
  } finally {
    graphs.delete(graph);
    graph.putBack();
  }
}

function callOf(given: readonly unknown[]): Call {
  const [first] = given;
  const hasTarget =
    given.length > 1 && (typeof first === 'function' || typeof first === 'string' || first instanceof EntitySchema);
  const at = hasTarget ? 1 : 0;
  const entities = given[at];
  return {
    target: hasTarget ? (first as EntityTarget<ObjectLiteral>) : undefined,
    entities: Array.isArray(entities) ? (entities as readonly unknown[]) : [entities],
    options: (given[at + 1] as Options | undefined) ?? {},
    with: (options) => [...given.slice(0, at + 1), options],
  };
}

/** Undefined if TypeORM itself will throw. */
function metadataOf(
  dataSource: DataSource,
  target: EntityTarget<ObjectLiteral> | undefined,
  entity: object,
): EntityMetadata | undefined {
  const of = target ?? entity.constructor;
  return dataSource.hasMetadata(of) ? dataSource.getMetadata(of).findInheritanceMetadata(entity) : undefined;
}
