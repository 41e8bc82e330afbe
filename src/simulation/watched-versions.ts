import type { Json } from '../model/values/json.ts';
import { compareTimestamps } from '../rules/values/timestamp.ts';
import { SimulationViolation } from './virtual-time.ts';

interface LocalRow {
  readonly version: string;
  readonly isShown: boolean;
}

interface RawResync {
  readonly kind: string;
  readonly open: number;
  readonly generation: number;
}

/** What the watch reads of a device after a commit. */
interface Look {
  readonly name: string;
  readonly database: { look<Row>(sql: string): readonly Row[] } | undefined;
}

/**
 * Checks F-157: the version of a row without pending work never goes back, and a row whose delete the server accepted
 * does not return in an older version. A full resync may take older rows, such as those of a restored server, but not
 * of rows settled since it began.
 */
export class WatchedVersions {
  readonly #newest = new Map<string, string>();
  readonly #deleted = new Map<string, string>();
  /** By kind: the generation and the entities settled since its start. */
  readonly #resyncs = new Map<string, { readonly generation: number; readonly settled: Set<string> }>();

  /**
   * Called after each commit. `settled`: entities whose operations left as applied; `deletes`: the deleted ones among
   * them.
   */
  check(replica: Look, kinds: readonly string[], settled: ReadonlySet<string>, deletes: ReadonlySet<string>): void {
    const { database, name } = replica;
    if (database === undefined) return;
    const resyncs = database.look<RawResync>(
      'SELECT "kind", "resync_open" AS "open", "resync_generation" AS "generation" FROM "sync_cursors"',
    );
    const pending = new Set(
      database
        .look<{ entity: string }>(
          `SELECT "kind" || '/' || "entity_id" AS "entity" FROM "sync_outbox" UNION SELECT "kind" || '/' || "entity_id" FROM "sync_base"`,
        )
        .map(({ entity }) => entity),
    );
    for (const kind of kinds) {
      const resync = resyncs.find((row) => row.kind === kind);
      const mayGoBack = this.#resyncOf(kind, resync, settled);
      const rows = readRows(database, kind);
      for (const [entity, row] of rows) {
        const newest = this.#newest.get(entity);
        if (pending.has(entity) || row.version === '') continue;
        const isBack = newest !== undefined && compareTimestamps(row.version, newest) < 0;
        if (isBack && !mayGoBack(entity))
          throw new SimulationViolation(
            'I4',
            `${name}: ${entity} went back from version ${newest} to ${row.version}, and no resync may do that`,
          );
        const deleted = this.#deleted.get(entity);
        if (deleted !== undefined && row.isShown && !settled.has(entity)) {
          if (compareTimestamps(row.version, deleted) <= 0 && !mayGoBack(entity))
            throw new SimulationViolation(
              'I4',
              `${name}: ${entity} was deleted in version ${deleted}, and is shown again in version ${row.version}`,
            );
          this.#deleted.delete(entity);
        }
        this.#newest.set(entity, row.version);
      }
      for (const entity of deletes) {
        const version = this.#newest.get(entity);
        if (
          entity.startsWith(`${kind}/`) &&
          version !== undefined &&
          !pending.has(entity) &&
          rows.get(entity)?.isShown !== true
        )
          this.#deleted.set(entity, version);
      }
    }
  }

  /**
   * The rows that a kind's full resync may take in an older version: all that were not settled since it began. It may
   * have ended in this commit.
   */
  #resyncOf(kind: string, now: RawResync | undefined, settled: ReadonlySet<string>): (entity: string) => boolean {
    const before = this.#resyncs.get(kind);
    if (now?.open !== 1) {
      this.#resyncs.delete(kind);
      return (entity) => before !== undefined && !before.settled.has(entity);
    }
    const resync =
      before?.generation === now.generation ? before : { generation: now.generation, settled: new Set<string>() };
    for (const entity of settled) resync.settled.add(entity);
    this.#resyncs.set(kind, resync);
    return (entity) => !resync.settled.has(entity);
  }
}

const readRows = (database: NonNullable<Look['database']>, kind: string): ReadonlyMap<string, LocalRow> =>
  new Map(
    database
      .look<Readonly<Record<string, Json>>>(
        `SELECT "id", "updated_at", "deleted_at", "deleted_at_local" FROM "${kind}"`,
      )
      .map((row) => [
        `${kind}/${String(row['id'])}`,
        {
          version: String(row['updated_at'] ?? ''),
          isShown: row['deleted_at'] === null && row['deleted_at_local'] === null,
        },
      ]),
  );
