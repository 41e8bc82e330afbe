import type { JsonObject } from '../../../model/values/json.ts';
import { mostEntries } from '../../log/inspection-log.ts';
import { bundleVersion } from '../../protocol/bundle.ts';

/** Parts of a bundle: everything a panel shows, as one JSON file. */
export interface BundleParts {
  readonly at: number;
  readonly engine: unknown;
  readonly view: unknown;
  readonly entries: readonly unknown[];
  readonly operations: unknown;
  readonly conflicts: unknown;
  readonly kinds: unknown;
  readonly discarded: unknown;
  readonly rows: unknown;
}

/** Puts what is seen into one object that a panel opens read-only. All parts are redacted already. */
export const makeBundle = ({ at, entries, ...parts }: BundleParts): JsonObject => {
  const bundle: unknown = {
    format: 'synchart-bundle',
    version: bundleVersion,
    at,
    ...parts,
    entries: entries.slice(-mostEntries),
  };
  return bundle as JsonObject;
};
