import type { EngineInternals } from '../../engine/core/engine-internals.ts';
import { isJsonObject, type Json, type JsonObject } from '../../model/values/json.ts';
import { syncMachine } from '../../machines/sync-machine.ts';
import type { EngineDescription } from '../protocol/engine-view.ts';
import { chartViewOf } from './recording/chart-view.ts';

export interface DescriptionParts {
  readonly internals: EngineInternals;
  readonly engineId: string;
  readonly name: string;
  readonly startedAt: number;
  readonly redact: (value: unknown) => Json;
}

/** What never changes while an engine lives, for the first message to a panel. */
export function describeEngine({ internals, engineId, name, startedAt, redact }: DescriptionParts): EngineDescription {
  const { ports } = internals;
  const asObject = (value: unknown): JsonObject => {
    const shown = redact(value);
    return isJsonObject(shown) ? shown : {};
  };
  return {
    engineId,
    name,
    startedAt,
    config: asObject(ports.config),
    kinds: [...ports.kinds.values()].map(
      ({ kind, keys, conflict, pullOnly, pushOnly, sendChangedFields, dependsOn }) => ({
        kind,
        idKey: keys.id,
        strategy: conflict.strategy ?? ports.config.conflictStrategy,
        pullOnly,
        pushOnly,
        options: asObject({
          updatedAtKey: keys.updatedAt,
          deletedAtKey: keys.deletedAt,
          conflict,
          sendChangedFields,
          dependsOn,
        }),
      }),
    ),
    capabilities: asObject(ports.transport.capabilities),
    chart: chartViewOf(syncMachine),
  };
}
