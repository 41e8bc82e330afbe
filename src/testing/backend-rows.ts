import type { JsonObject } from '../model/values/json.ts';
import type { PageStart } from '../server/paging.ts';
import { compareInstants, parseInstant, type Instant } from '../server/server-timestamp.ts';

/** One row as the server stores it. `sequence` is the order of creation. */
export interface BackendRow {
  readonly id: string;
  readonly data: JsonObject;
  /** In wire form: text, or epoch ms. */
  readonly updatedAt: string | number;
  readonly deleted: boolean;
  readonly version: number;
  readonly sequence: number;
}

/** How this server orders ids with equal timestamps; the client cannot know. */
export type IdOrder = 'text' | 'integer' | 'reverse' | 'insertion';

interface Placed {
  readonly row: BackendRow;
  readonly at: Instant;
}

const early: Instant = { seconds: -8_640_000_000_000, fraction: '' };

const byId: Readonly<Record<IdOrder, (a: BackendRow, b: BackendRow) => number>> = {
  text: (a, b) => (a.id === b.id ? 0 : a.id < b.id ? -1 : 1),
  integer: (a, b) => Number(a.id) - Number(b.id),
  reverse: (a, b) => (a.id === b.id ? 0 : a.id < b.id ? 1 : -1),
  insertion: (a, b) => a.sequence - b.sequence,
};

export const idOrders: readonly string[] = Object.keys(byId);

/** The rows of one kind in the server's own (updated_at, id) order. */
export class BackendRows {
  readonly #rows = new Map<string, BackendRow>();
  #sorted: readonly Placed[] | undefined;
  #sortedBy: IdOrder | undefined;

  constructor(readonly idOrder: () => IdOrder) {}

  get(id: string): BackendRow | undefined {
    return this.#rows.get(id);
  }

  put(row: BackendRow): void {
    this.#rows.set(row.id, row);
    this.#sorted = undefined;
  }

  /** Removes a row without a tombstone, like a hard delete. */
  remove(id: string): boolean {
    this.#sorted = undefined;
    return this.#rows.delete(id);
  }

  clear(): void {
    this.#rows.clear();
    this.#sorted = undefined;
  }

  all(): BackendRow[] {
    return [...this.#rows.values()];
  }

  /** A copy of the current rows, unaffected by later changes. */
  copy(): BackendRows {
    const copy = new BackendRows(this.idOrder);
    for (const row of this.#rows.values()) copy.put(row);
    return copy;
  }

  /** Rows from a page start on: at or after its timestamp, or after its id if it has one. */
  *from(start: PageStart, includeDeleted: boolean): Generator<BackendRow> {
    const sorted = this.#inOrder();
    const since = parseInstant(start.since) ?? early;
    let index = lowerBound(sorted, since);
    if (start.afterId !== undefined) index = this.#behind(sorted, index, since, start.afterId);
    let skip = start.offset;
    for (; index < sorted.length; index += 1) {
      const row = sorted[index]?.row;
      if (row === undefined || (row.deleted && !includeDeleted)) continue;
      if (skip > 0) skip -= 1;
      else yield row;
    }
  }

  #behind(sorted: readonly Placed[], from: number, since: Instant, afterId: string): number {
    const order = byId[this.idOrder()];
    const anchor: BackendRow = this.#rows.get(afterId) ?? {
      id: afterId,
      data: {},
      updatedAt: '',
      deleted: false,
      version: 0,
      sequence: -1,
    };
    let index = from;
    for (; index < sorted.length; index += 1) {
      const placed = sorted[index];
      if (placed === undefined || compareInstants(placed.at, since) !== 0 || order(placed.row, anchor) > 0) break;
    }
    return index;
  }

  /** Cached between pages. A write or another id order invalidates it. */
  #inOrder(): readonly Placed[] {
    const idOrder = this.idOrder();
    if (this.#sorted !== undefined && this.#sortedBy === idOrder) return this.#sorted;
    const order = byId[idOrder];
    this.#sortedBy = idOrder;
    this.#sorted = this.all()
      .map((row) => ({ row, at: parseInstant(row.updatedAt) ?? early }))
      .sort((a, b) => compareInstants(a.at, b.at) || order(a.row, b.row));
    return this.#sorted;
  }
}

function lowerBound(sorted: readonly Placed[], since: Instant): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const placed = sorted[middle];
    if (placed !== undefined && compareInstants(placed.at, since) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}
