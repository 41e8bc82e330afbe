import type { Announcement } from '../replica/quarantine.ts';
import type { ReplicaTable } from '../tables/replica-table.ts';
import type { Session } from '../sql/session.ts';
import type { Hold } from '../replica/stale-rows.ts';
import type { StoreContext } from '../database/store-context.ts';
import type { WireValuesNote } from '../columns/wire-values.ts';

/** State of a whole transaction, constant because nobody else writes meanwhile. */
export interface PageWork {
  readonly session: Session;
  readonly context: StoreContext;
  readonly table: ReplicaTable;
  readonly hasBases: boolean;
  /** Becomes true with the first bad row. */
  hasQuarantine: boolean;
  /** Rows were removed because the server deleted them. Becomes true with the first. */
  hasRemoved: boolean;
  readonly wireValues: WireValuesNote;
  readonly marking: boolean;
  readonly anew: boolean;
  /** The rows that older ones must not replace. */
  readonly hold: Hold;
  /** Stores rows one by one with immediate foreign key checks, to find the bad row. */
  readonly strict: boolean;
  readonly announcement: Announcement;
}
