import type { Conflict, ConflictResolution, ConflictStrategy, StoredConflict } from '../../model/conflict.ts';
import type { InspectedKind, InspectedOperation, InspectedRow, OperationFilter, Page } from '../../model/inspection.ts';
import type { Json, JsonObject } from '../../model/values/json.ts';
import type { EngineDescription, EngineView, FaultSettings } from './engine-view.ts';
import type { LogEntry } from './log-entry.ts';
import type { PendingReason } from '../../model/pending-operation.ts';

/**
 * Raised when a message changes so that an older end would misread it. Ends of different versions refuse each other.
 */
export const protocolVersion = 1;

/** Everything a panel can do; each is one message, so all of it can be scripted. */
export type DevtoolsCommand =
  | { readonly type: 'sync'; readonly kinds?: readonly string[] | undefined }
  | { readonly type: 'fullResync'; readonly kinds?: readonly string[] | undefined }
  | { readonly type: 'pause' }
  | { readonly type: 'resume' }
  | { readonly type: 'signedIn' }
  /** Keeps the data of another account for the current one. */
  | { readonly type: 'adoptScope' }
  /** Removes the data of another account from this device. */
  | { readonly type: 'clearScope' }
  /** Of these operations, else of all stuck ones. */
  | { readonly type: 'retry'; readonly opIds?: readonly string[] | undefined }
  | { readonly type: 'drop'; readonly opIds: readonly string[] }
  | { readonly type: 'amend'; readonly opId: string; readonly patch: JsonObject }
  | { readonly type: 'undoDiscard'; readonly opId: string }
  | { readonly type: 'resolveConflict'; readonly opId: string; readonly resolution: ConflictResolution }
  | { readonly type: 'setFaults'; readonly faults: FaultSettings }
  | { readonly type: 'record'; readonly on: boolean }
  /** Gives the number of the newest entry that has gone. */
  | { readonly type: 'clearLog' };

/** A queued operation with its reason, as `explain()` says it. */
export interface OperationView extends InspectedOperation {
  readonly reason: PendingReason;
  readonly detail: string;
  /** Epoch ms. */
  readonly retryAt?: number | undefined;
}

/** What a strategy would make of a conflict. `data` absent: the row is removed. */
export interface StrategyPreview {
  readonly strategy: ConflictStrategy;
  readonly result: 'server' | 'client' | 'merged' | 'parked';
  readonly data?: JsonObject | undefined;
  readonly localFields: readonly string[];
  readonly serverFields: readonly string[];
  readonly note?: string | undefined;
}

export interface ConflictView extends Omit<StoredConflict, 'conflict'> {
  readonly conflict: Conflict;
  readonly previews: readonly StrategyPreview[];
}

/** Questions and the shape of their answers. */
export interface DevtoolsQueries {
  operations: { readonly ask: OperationFilter; readonly answer: Page<OperationView> };
  operation: { readonly ask: { readonly opId: string }; readonly answer: OperationView | null };
  discarded: { readonly ask: object; readonly answer: readonly JsonObject[] };
  conflicts: { readonly ask: object; readonly answer: readonly ConflictView[] };
  kinds: { readonly ask: object; readonly answer: readonly InspectedKind[] };
  rows: {
    readonly ask: {
      readonly kind: string;
      readonly offset?: number | undefined;
      readonly limit?: number | undefined;
      readonly text?: string | undefined;
      readonly only?: 'pending' | 'quarantined' | undefined;
    };
    readonly answer: Page<InspectedRow>;
  };
  row: { readonly ask: { readonly kind: string; readonly id: string }; readonly answer: InspectedRow };
  bundle: { readonly ask: object; readonly answer: JsonObject };
}
export type DevtoolsQueryType = keyof DevtoolsQueries;

/** From a panel to an engine. */
export type PanelMessage =
  /** `since`: the newest entry that it has. `quiet`: wants the status only, until it says `follow`. */
  | {
      readonly type: 'hello';
      readonly protocol: number;
      readonly panelId: string;
      readonly since?: number | undefined;
      readonly quiet?: boolean | undefined;
    }
  /** Wants the log, too, from the entry after `since`. */
  | { readonly type: 'follow'; readonly panelId: string; readonly since: number }
  | { readonly type: 'unfollow'; readonly panelId: string }
  | { readonly type: 'command'; readonly id: number; readonly command: DevtoolsCommand }
  | { readonly type: 'query'; readonly id: number; readonly query: DevtoolsQueryType; readonly input: JsonObject }
  | { readonly type: 'goodbye'; readonly panelId: string };

/** From an engine to its panels. */
export type EngineMessage =
  | {
      readonly type: 'welcome';
      readonly protocol: number;
      readonly panelId: string;
      readonly engine: EngineDescription;
      readonly view: EngineView;
      readonly entries: readonly LogEntry[];
    }
  | { readonly type: 'refused'; readonly protocol: number; readonly panelId: string; readonly reason: string }
  | { readonly type: 'entries'; readonly entries: readonly LogEntry[] }
  | { readonly type: 'view'; readonly view: EngineView }
  | { readonly type: 'answer'; readonly id: number; readonly ok: true; readonly value: Json }
  | { readonly type: 'answer'; readonly id: number; readonly ok: false; readonly error: string }
  | { readonly type: 'gone' };

/** A way for messages to travel; values are structured-cloneable JSON. What arrives is `unknown` until it is parsed. */
export interface DevtoolsChannel {
  post(message: PanelMessage | EngineMessage): void;
  subscribe(listener: (message: unknown) => void): () => void;
  close(): void;
}
