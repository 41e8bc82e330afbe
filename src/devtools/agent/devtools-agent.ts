import type { Json } from '../../model/values/json.ts';
import type { InspectionLog } from '../log/inspection-log.ts';
import type { Redaction } from '../log/redact.ts';
import type { EngineDescription, EngineView, FaultSettings } from '../protocol/engine-view.ts';
import type { DevtoolsChannel, DevtoolsCommand, DevtoolsQueries, DevtoolsQueryType } from '../protocol/messages.ts';

export interface DevtoolsOptions {
  /** Shown in the panel; default `synchart`. */
  readonly name?: string | undefined;
  /** Entries kept, at most 100,000, which is the default. */
  readonly capacity?: number | undefined;
  /** What must not be shown, beside headers and tokens. */
  readonly redact?: Redaction | undefined;
  /** Faults to begin with. */
  readonly faults?: FaultSettings | undefined;
}

/** What looks into one engine, and what panels talk to. */
export interface DevtoolsAgent {
  readonly log: InspectionLog;
  readonly description: EngineDescription;
  /** As it is now. Its throughput counts what happened while the log was on or somebody looked. */
  view(): EngineView;
  /** Does what a panel could ask for, and writes it into the log. Rejects as the engine does. */
  run(command: DevtoolsCommand): Promise<Json>;
  ask<Type extends DevtoolsQueryType>(type: Type, input: DevtoolsQueries[Type]['ask']): Promise<Json>;
  /** Serves panels over a channel; returns the function that ends it. */
  connect(channel: DevtoolsChannel): () => void;
  /** Calls when what `view()` gives may have changed. */
  subscribe(listener: () => void): () => void;
  /** Stops recording, takes the faults off and tells the panels. The engine goes on. */
  detach(): void;
}
