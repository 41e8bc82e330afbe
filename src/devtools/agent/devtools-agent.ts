import type { Json } from '../../model/values/json.ts';
import { anObject, aText, namesOfColumns, wholeBetween } from '../../model/options/bounds.ts';
import { checkNested, checkOptions, ownedBy } from '../../model/options/complete-options.ts';
import { byDefault, optional, type Option, type OptionList } from '../../model/options/option-list.ts';
import { mostEntries, type InspectionLog } from '../log/inspection-log.ts';
import type { Redaction } from '../log/redact.ts';
import type { EngineDescription, EngineView, FaultSettings } from '../protocol/engine-view.ts';
import type { DevtoolsChannel, DevtoolsCommand, DevtoolsQueries, DevtoolsQueryType } from '../protocol/messages.ts';

export interface DevtoolsOptions {
  /** Shown in the panel. @defaultValue `synchart` */
  readonly name?: string | undefined;
  /** Entries kept; the oldest go first. @defaultValue 100,000 */
  readonly capacity?: number | undefined;
  /** What must not be shown, besides headers and tokens: `{ fields: ['pin'] }` hides fields by name, at any depth. */
  readonly redact?: Redaction | undefined;
  /** Faults that are on from the start. */
  readonly faults?: FaultSettings | undefined;
}

/** Defaults and bounds of {@link DevtoolsOptions}. */
export const devtoolsOptions = {
  name: byDefault('synchart', aText),
  capacity: byDefault(mostEntries, wholeBetween(1, mostEntries)),
  redact: optional(anObject),
  faults: byDefault({}, anObject),
} satisfies OptionList<DevtoolsOptions>;

const redaction = { fields: optional(namesOfColumns) } satisfies OptionList<Redaction>;

/** Checks the options of whatever attaches to an engine. A misspelt `redact` would show a secret. */
export function checkDevtoolsOptions<Given extends DevtoolsOptions>(
  name: string,
  list: { readonly [Name in keyof Given]-?: Option },
  given: Given,
): void {
  const owner = ownedBy(name);
  checkOptions(owner, list, given);
  checkNested(owner, 'redact', redaction, given.redact);
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
