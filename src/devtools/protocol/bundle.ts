import type { EngineDescription, EngineView } from './engine-view.ts';
import type { LogEntry } from './log-entry.ts';
import type { DevtoolsQueries } from './messages.ts';

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
}
