import { defaultSyncConfig, resolveSyncConfig, type SyncConfig } from '../../model/config.ts';
import type { JsonObject } from '../../model/values/json.ts';

/** Restores a configuration from its JSON. `lost` lists what JSON cannot hold, such as functions, as sentences. */
export function restoredConfig(saved: JsonObject): {
  readonly config: Partial<SyncConfig>;
  readonly hasResolver: boolean;
  readonly lost: readonly string[];
} {
  const lost: string[] = [];
  let config: Partial<SyncConfig> = {};
  for (const [name, value] of Object.entries(saved)) {
    if (!(name in defaultSyncConfig) || isFunctionText(value)) continue;
    const setting = { [name]: value === 'Infinity' ? Infinity : value };
    try {
      resolveSyncConfig({ ...config, ...setting, ...together(saved, name) });
      config = { ...config, ...setting };
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      lost.push(`The setting ${name} cannot be read back (${error.message}); the default is used.`);
    }
  }
  const hasResolver = isFunctionText(saved['conflictResolver']);
  if (hasResolver)
    lost.push(
      "The app's conflict resolver is a function; it is taken to answer as it did, and to put off what it was not asked.",
    );
  if (isFunctionText(saved['mergeFunction']))
    lost.push("The app's merge function is not in the file; the built-in merge stands in.");
  return { config, hasResolver, lost };
}

/** The longest wait is validated against the shortest, so they are checked together. */
const together = (saved: JsonObject, name: string): Partial<SyncConfig> =>
  name === 'backoffMinMs' && typeof saved['backoffMaxMs'] === 'number' ? { backoffMaxMs: saved['backoffMaxMs'] } : {};

export const isFunctionText = (value: unknown): boolean => typeof value === 'string' && value.startsWith('function ');
