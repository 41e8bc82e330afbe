import { deepMerge, defaultMerge, preservingMerge } from './merge.ts';
import { systemFields } from '../values/system-fields.ts';
import { threeWayMerge } from './three-way-merge.ts';
import { extractTimestamp } from '../values/timestamp.ts';

/** Groups the merge helpers under the name that the reference library uses. */
export const ConflictUtils = {
  systemFields,
  defaultMerge,
  deepMerge,
  preservingMerge,
  threeWayMerge,
  extractTimestamp,
} as const;
