import * as v from 'valibot';
import type { Bundle } from './bundle.ts';
import { bundleSchema } from './parse-message.ts';

/** Checks a saved file. Throws `TypeError` naming the first field that is not as a bundle has it. */
export function parseBundle(file: unknown): Bundle {
  const result = v.safeParse(bundleSchema, file);
  if (result.success) {
    // The parts that the schema knows to be objects only are what the agent's queries answered.
    const checked: object = result.output;
    return checked as Bundle;
  }
  const [issue] = result.issues;
  const path = (issue.path ?? []).map((item) => String(item.key)).join('.');
  throw new TypeError(`not a bundle of the synchart devtools: ${path === '' ? '' : `${path}: `}${issue.message}`);
}
