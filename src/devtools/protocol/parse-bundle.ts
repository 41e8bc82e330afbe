import * as v from 'valibot';
import type { Bundle } from './bundle.ts';
import { bundleSchema } from './parse-message.ts';

/** Checks a saved file. Throws `TypeError` naming the first field that is not as a bundle has it. */
export function parseBundle(file: unknown): Bundle {
  const result = v.safeParse(bundleSchema as v.GenericSchema<unknown, Bundle>, file);
  if (result.success) return result.output;
  const [issue] = result.issues;
  const path = (issue.path ?? []).map((item) => String(item.key)).join('.');
  throw new TypeError(`not a bundle of the synchart devtools: ${path === '' ? '' : `${path}: `}${issue.message}`);
}
