import { isJsonObject, type JsonObject } from '../../model/values/json.ts';
import type { Cursor } from '../../model/cursor.ts';
import type { SyncKind } from '../../model/kind.ts';
import { jsonText } from '../values/json-text.ts';
import { compareTimestamps } from '../values/timestamp.ts';

export type RowReaders = Pick<SyncKind, 'readId' | 'readUpdatedAt'>;

/** A row with id and timestamp. */
export interface PageRow {
  readonly item: JsonObject;
  readonly id: string;
  readonly ts: string;
}

/** A row without id or timestamp; it goes to the quarantine. */
export interface UnusableRow {
  readonly item: JsonObject;
  readonly id?: string;
  readonly reason: string;
}

/** The parts of a page that paging needs, in page order. */
export interface PageRows {
  readonly rows: readonly PageRow[];
  readonly unusable: readonly UnusableRow[];
  /** Keys of all items, usable or not. */
  readonly keys: ReadonlySet<string>;
  /** The items minus rows of the previous page, and minus older versions of a row that the page contains twice. */
  readonly work: readonly JsonObject[];
}

/** Reads a page. `previousKeys` are the keys of the previous page. */
export function readPage(items: readonly unknown[], previousKeys: ReadonlySet<string>, readers: RowReaders): PageRows {
  const rows: PageRow[] = [];
  const unusable: UnusableRow[] = [];
  const keys = new Set<string>();
  const work: { readonly item: JsonObject; readonly row: PageRow | undefined }[] = [];
  const newestById = new Map<string, PageRow>();
  for (const item of items) {
    const read = readRow(item, readers);
    const key = 'reason' in read ? `?${jsonText(item, () => 'too deep')}` : rowKey(read);
    if ('reason' in read) unusable.push(read);
    else {
      rows.push(read);
      const other = newestById.get(read.id);
      if (other === undefined || compareTimestamps(read.ts, other.ts) >= 0) newestById.set(read.id, read);
    }
    keys.add(key);
    if (!previousKeys.has(key)) work.push({ item: read.item, row: 'reason' in read ? undefined : read });
  }
  return {
    rows,
    unusable,
    keys,
    work: work.filter(({ row }) => row === undefined || newestById.get(row.id) === row).map(({ item }) => item),
  };
}

/**
 * The newest timestamp of the rows, and the last id in page order with that timestamp. Only the server knows its order
 * of ids (F-138).
 */
export function newestOf(rows: readonly PageRow[]): Cursor | undefined {
  let newest: PageRow | undefined;
  for (const row of rows) {
    if (newest === undefined || compareTimestamps(row.ts, newest.ts) >= 0) newest = row;
  }
  return newest === undefined ? undefined : { ts: newest.ts, lastId: newest.id };
}

/** Whether timestamps never decrease, starting with the one before the page. */
export function isSorted(rows: readonly PageRow[], before: string | undefined): boolean {
  let latest = before;
  for (const { ts } of rows) {
    if (latest !== undefined && compareTimestamps(ts, latest) < 0) return false;
    latest = ts;
  }
  return true;
}

/** Identifies a version of a row: a newer timestamp gives another key. */
const rowKey = ({ id, ts }: PageRow): string => JSON.stringify([id, ts]);

/** A short hash of a page's content. Recognises a page that was seen before without storing its rows. */
export function fingerprint(keys: ReadonlySet<string>): string {
  // Two independent 32-bit hashes: different pages collide with a probability of 1 in 2^64.
  let a = 0x811c9dc5;
  let b = 0x9747b28c;
  for (const key of keys) {
    for (let index = 0; index < key.length; index += 1) {
      const unit = key.charCodeAt(index);
      a = Math.imul(a ^ unit, 0x01000193);
      b = Math.imul(b ^ unit, 0x5bd1e995) ^ (b >>> 15);
    }
    a = Math.imul(a ^ 0x1f, 0x01000193);
    b = Math.imul(b ^ 0x1f, 0x5bd1e995);
  }
  return `${keys.size}:${(a >>> 0).toString(36)}:${(b >>> 0).toString(36)}`;
}

function readRow(item: unknown, readers: RowReaders): PageRow | UnusableRow {
  if (!isJsonObject(item))
    return { item: {}, reason: `expected an object, got ${item === null ? 'null' : typeof item}` };
  const id = readers.readId(item);
  const ts = readers.readUpdatedAt(item);
  if (id === undefined || id === '') return { item, reason: 'the row has no id' };
  if (ts === undefined)
    return { item, id, reason: 'the row has no usable updatedAt: expected ISO 8601 or epoch milliseconds' };
  return { item, id, ts };
}
