import type { Announcement } from '../replica/quarantine.ts';
import type { ReplicaTable } from '../tables/replica-table.ts';
import type { Session } from '../sql/session.ts';
import type { Hold } from '../replica/stale-rows.ts';
import type { StoreContext } from '../database/store-context.ts';
import type { WireValuesNote } from '../columns/wire-values.ts';

/** What holds for a whole transaction, because nobody else writes while it is open. */
export interface PageWork {
  readonly session: Session;
  readonly context: StoreContext;
  readonly table: ReplicaTable;
  readonly hasBases: boolean;
  /** Turns true with the first bad row. */
  hasQuarantine: boolean;
  /** Rows were removed because the server deleted them. Turns true with the first. */
  hasRemoved: boolean;
  readonly wireValues: WireValuesNote;
  readonly marking: boolean;
  readonly anew: boolean;
  /** Which rows are not replaced by older ones. */
  readonly hold: Hold;
  /** Rows one by one with foreign keys checked at once: which row is bad must be known. */
  readonly strict: boolean;
  readonly announcement: Announcement;
}
