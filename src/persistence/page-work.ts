import type { Announcement } from './quarantine.ts';
import type { ReplicaTable } from './replica-table.ts';
import type { Session } from './session.ts';
import type { Hold } from './stale-rows.ts';
import type { StoreContext } from './store-context.ts';
import type { WireValuesNote } from './wire-values.ts';

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
