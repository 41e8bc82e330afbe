import * as v from 'valibot';
import { isTooDeep, maxNesting, tooDeepText } from '../../model/values/nesting.ts';
import { bundleVersion, type Bundle } from './bundle.ts';
import { bundleSchema } from './parse-message.ts';

const newerFile = v.looseObject({
  format: v.literal('synchart-bundle'),
  version: v.pipe(v.number(), v.gtValue(bundleVersion)),
});

/** Levels of a bundle above the rows in it. */
const ownLevels = 20;

/**
 * Checks a saved file. Throws `TypeError` naming the first field that is not as a bundle has it, or saying that a newer
 * version saved it.
 */
export function parseBundle(file: unknown): Bundle {
  if (isTooDeep(file, maxNesting + ownLevels))
    throw new TypeError(`not a bundle of the synchart devtools: a value in it ${tooDeepText}`);
  if (v.is(newerFile, file))
    throw new TypeError(
      `saved by a newer version of synchart (version ${file.version} of the file, this one opens up to ${bundleVersion}); update synchart to open it`,
    );
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
