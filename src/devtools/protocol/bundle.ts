import type { InspectedRow } from '../../model/inspection.ts';
import type { EngineDescription, EngineView } from './engine-view.ts';
import type { LogEntry } from './log-entry.ts';
import type { DevtoolsQueries } from './messages.ts';

/** Raised when the file's layout changes so that an older reader would misread it. */
export const bundleVersion = 1;

/** Rows of one kind in a file. `total` counts those that there were to save, at most. */
export interface SavedRows {
  readonly kind: string;
  readonly items: readonly InspectedRow[];
  readonly total: number;
}

/** A saved file, as a panel works with it. */
export interface Bundle {
  readonly at: number;
  readonly engine: EngineDescription;
  readonly view: EngineView;
  readonly entries: readonly LogEntry[];
  readonly operations: DevtoolsQueries['operations']['answer'];
  readonly conflicts: DevtoolsQueries['conflicts']['answer'];
  readonly kinds: DevtoolsQueries['kinds']['answer'];
  readonly discarded: DevtoolsQueries['discarded']['answer'];
  /**
   * Those with pending operations, conflicts among them, and those that could not be stored. Absent in files of earlier
   * versions.
   */
  readonly rows?: readonly SavedRows[] | undefined;
}
