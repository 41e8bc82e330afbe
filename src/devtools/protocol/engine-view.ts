import type { JsonObject } from '../../model/values/json.ts';
import type { StateValueJson } from './log-entry.ts';
import type { SyncStatus } from '../../model/status.ts';

/** Faults that the panel puts between the engine and its transport. All off is `{}`. */
export interface FaultSettings {
  /** Nothing goes out and nothing comes in; kept over a reload. */
  readonly offline?: boolean | undefined;
  /** Added to each call, ms. */
  readonly latencyMs?: number | undefined;
  /** Share of calls, 0 to 1, that fail in the way of `errorType`. */
  readonly errorRate?: number | undefined;
  readonly errorType?:
    | 'unavailable'
    | 'throttled'
    | 'unauthorized'
    | 'rejected'
    | 'forbidden'
    | 'malformed'
    | undefined;
  /** Share of pushes, 0 to 1, whose answer is lost after the server has it. */
  readonly cutReplies?: number | undefined;
  /** Added to the server time that the engine sees, ms. */
  readonly clockSkewMs?: number | undefined;
}

/** What a screen of the app would show, as JSON. Whether the scope has changed is said beside it. */
export type StatusView = Omit<SyncStatus, 'scopeChanged'>;

/** A finding of the diagnosis, in words. */
export interface DiagnosisView {
  readonly code: string;
  readonly level: 'error' | 'warning' | 'waiting' | 'notice' | 'ok';
  readonly text: string;
  /** What helps, in sentences, the most helpful first. */
  readonly remedies: readonly string[];
  /** The same remedies as codes, for buttons. Absent from engines of earlier versions. */
  readonly codes?: readonly string[] | undefined;
}

/** What a panel shows of an engine at one moment; sent whole with each change, at most once per frame. */
export interface EngineView {
  /** Epoch ms, by the engine's clock. */
  readonly at: number;
  readonly status: StatusView;
  readonly value: StateValueJson;
  /** Ids of all active states, as in {@link ChartView}. */
  readonly active: readonly string[];
  readonly tags: readonly string[];
  /** The small data of the chart: run, next request, attempt, wait; bodies are never in it. */
  readonly context: JsonObject;
  readonly session: 'signedIn' | 'authRequired' | 'closed';
  readonly lease: 'held' | 'waiting' | 'free';
  readonly scopeChanged: boolean;
  readonly faults: FaultSettings;
  /** Operations pushed and rows pulled in each of the last 60 seconds, oldest first. */
  readonly throughput: readonly number[];
  /** What is wrong, the most important first. Absent while it is read, and from engines of earlier versions. */
  readonly diagnosis?: readonly DiagnosisView[] | undefined;
  /** Whether the log is being written. */
  readonly recording: boolean;
}

/** A state of the chart as it is drawn. */
export interface ChartState {
  /** As XState names it, such as `sync.activity.running.pushing`. */
  readonly id: string;
  readonly name: string;
  readonly parent?: string | undefined;
  readonly type: 'atomic' | 'compound' | 'parallel' | 'final' | 'history';
  readonly isInitial: boolean;
  readonly tags: readonly string[];
  readonly invokes: readonly string[];
  readonly entry: readonly string[];
  readonly exit: readonly string[];
}

export interface ChartTransition {
  readonly id: string;
  readonly source: string;
  readonly target: string;
  /** Event type, `after …`, `done …`, or '' for an eventless one. */
  readonly event: string;
  readonly guard?: string | undefined;
  readonly actions: readonly string[];
}

/** The chart's definition as JSON. */
export interface ChartView {
  readonly root: string;
  readonly states: readonly ChartState[];
  readonly transitions: readonly ChartTransition[];
}

/** What never changes while an engine lives. Functions in the configuration are their names, secrets are left out. */
export interface EngineDescription {
  readonly engineId: string;
  readonly name: string;
  readonly startedAt: number;
  readonly config: JsonObject;
  readonly kinds: readonly {
    readonly kind: string;
    readonly idKey: string;
    readonly strategy: string;
    readonly pullOnly: boolean;
    readonly pushOnly: boolean;
    /** `updatedAtKey`, `deletedAtKey`, `conflict`, `sendChangedFields`, `dependsOn`, as JSON. */
    readonly options?: JsonObject | undefined;
  }[];
  readonly capabilities: JsonObject;
  readonly chart: ChartView;
}
