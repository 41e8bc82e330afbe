import { ValidationError } from '../../../model/errors/errors.ts';
import { isJsonObject, type Json, type JsonObject } from '../../../model/values/json.ts';
import { deepEqual } from '../../../rules/values/deep-equal.ts';

type Row = JsonObject | undefined;

/**
 * What a redactor leaves in the place of what it does not show: `[redacted]`, the rest of a text or list, and what lies
 * too deep.
 */
const standIn = /\[redacted\]|… \(\d+ characters\)|… \d+ more|"…"/;

/**
 * Turns a row that a panel sends back into the row that is meant. A panel has rows without secrets and with long values
 * cut: what comes back as it was shown is the value that was there. Throws `ValidationError` where that cannot be told;
 * nothing was changed then (I1).
 *
 * `redact` must be the one that the panel's rows went through; `rows` those it was shown, under the names they had
 * there.
 */
export function restoreShown(
  sent: JsonObject,
  rows: Readonly<Record<string, Row>>,
  redact: (value: unknown) => Json,
): JsonObject {
  const shownRows = redact(rows);
  const sides = Object.entries(rows).flatMap(([name, row]) => {
    const shown = isJsonObject(shownRows) ? shownRows[name] : undefined;
    return row !== undefined && isJsonObject(shown) ? [{ row, shown }] : [];
  });
  return Object.fromEntries(
    Object.entries(sent).map(([field, value]): [string, Json] => {
      const meant = sides.flatMap(({ row, shown }) =>
        row[field] !== undefined && deepEqual(shown[field] ?? null, value) ? [row[field]] : [],
      );
      const [first = value, ...others] = meant;
      if (meant.length === 0 && standIn.test(JSON.stringify(value)))
        throw new ValidationError(
          `field '${field}': the new value holds a part that is not shown; write it whole, or leave the field as it was`,
        );
      if (others.some((other) => !deepEqual(first, other)))
        throw new ValidationError(
          `field '${field}' is not shown whole and differs between the sides, which look alike here: take one side, or decide it in code`,
        );
      return [field, first];
    }),
  );
}
