import type { InspectionPort } from '../../../model/inspection.ts';
import type { Json } from '../../../model/values/json.ts';

/** Most rows of one kind in a file: enough for what waits on a device, not a copy of its data. */
const mostRows = 500;

/**
 * The rows that a saved file holds: those with pending operations, conflicts among them, and those that could not be
 * stored.
 */
export async function savedRows(
  kinds: readonly string[],
  inspection: InspectionPort | undefined,
  redact: (value: unknown) => Json,
): Promise<readonly Json[]> {
  if (inspection === undefined) return [];
  const saved: Json[] = [];
  for (const kind of kinds) {
    const pages = await Promise.all(
      (['pending', 'quarantined'] as const).map((only) => inspection.rows(kind, { only, limit: mostRows })),
    );
    const rows = new Map(pages.flatMap(({ items }) => items).map((row) => [row.id, row]));
    const isWhole = pages.every(({ items, total }) => items.length === total);
    const items = [...rows.values()].slice(0, mostRows).map(redact);
    if (items.length > 0)
      saved.push({ kind, items, total: isWhole ? rows.size : pages.reduce((sum, { total }) => sum + total, 0) });
  }
  return saved;
}
