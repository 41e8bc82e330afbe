import { hasSeveralStatements } from './several-statements.ts';
import { SqlReader, type SqlFamily } from './tokens.ts';

/** Lower-case table names, as SQL compares them; `all` if a statement was not understood. */
export type Tables = ReadonlySet<string> | 'all';

export type WriteVerb = 'insert' | 'update' | 'delete';

/** The writes of one statement. REPLACE counts as `delete`, because it removes rows. */
export interface Written {
  readonly tables: readonly string[] | 'all';
  readonly verb: WriteVerb;
}

/** First words of statements that write no rows. The gate handles transaction control. */
const harmless: ReadonlySet<string> = new Set(
  'select pragma explain savepoint release values set show analyze begin start commit end rollback vacuum listen unlisten notify'.split(
    ' ',
  ),
);
const looksThrough: ReadonlySet<string> = new Set(['with', 'insert', 'replace', 'update', 'delete']);
const isVerb = (word: string): boolean =>
  word === 'insert' || word === 'replace' || word === 'update' || word === 'delete';

/**
 * The same few texts recur. Long ones are bulk statements, whose first words are faster to read than the whole text is
 * to hash.
 */
const texts: Readonly<Record<SqlFamily, Map<string, Written | undefined>>> = { sqlite: new Map(), postgres: new Map() };
const maxCachedLength = 400;

/**
 * The tables that a statement writes; undefined if it only reads. Takes a fraction of a microsecond, because the first
 * words suffice; only WITH is parsed further. Does not detect writing functions called by SELECT.
 */
export function writtenBy(sql: string, family: SqlFamily = 'sqlite'): Written | undefined {
  if (sql.length > maxCachedLength) return parse(sql, family);
  const known = texts[family];
  const before = known.get(sql);
  if (before !== undefined || known.has(sql)) return before;
  const written = parse(sql, family);
  if (known.size >= 1_000) known.clear();
  known.set(sql, written);
  return written;
}

function parse(sql: string, family: SqlFamily): Written | undefined {
  const reader = new SqlReader(sql, family);
  if (!reader.next()) return undefined;
  if (hasSeveralStatements(sql, family)) return { tables: 'all', verb: 'delete' };
  const { word } = reader;
  // PostgreSQL runs what EXPLAIN ANALYZE explains.
  if (word === 'explain' && family === 'postgres' && /\banalyze\b/i.test(sql)) return lookThrough(reader);
  if (harmless.has(word)) return undefined;
  // A statement that is not understood may write anything.
  if (!looksThrough.has(word)) return { tables: 'all', verb: 'delete' };
  const target = isVerb(word) ? targetAt(reader) : undefined;
  return target === undefined ? lookThrough(reader) : { tables: [target.table], verb: target.verb };
}

/** Every verb followed by a table counts, because a WITH may write in several places. */
function lookThrough(reader: SqlReader): Written | undefined {
  const tables = new Set<string>();
  let verb: WriteVerb = 'insert';
  for (let isOpen = true; isOpen; ) {
    if (!isVerb(reader.word)) {
      isOpen = reader.next();
      continue;
    }
    const target = targetAt(reader);
    if (target === undefined) continue;
    tables.add(target.table);
    if (verb !== 'delete') verb = target.verb;
  }
  return tables.size === 0 ? undefined : { tables: [...tables], verb };
}

/**
 * Parses the target of `INSERT OR IGNORE INTO main."t"` and similar, starting at the verb. Leaves the reader at the
 * first token after it.
 */
function targetAt(reader: SqlReader): { readonly table: string; readonly verb: WriteVerb } | undefined {
  const given = reader.word;
  reader.next();
  let verb: WriteVerb = given === 'insert' || given === 'update' ? given : 'delete';
  if (verb !== 'delete' && reader.is('or')) {
    reader.next();
    if (reader.is('replace')) verb = 'delete';
    reader.next();
  }
  if (given === 'update') {
    // ON CONFLICT DO UPDATE SET
    if (reader.is('set')) return undefined;
  } else {
    if (!reader.is(given === 'delete' ? 'from' : 'into')) return undefined;
    reader.next();
  }
  if (reader.is('only')) reader.next();
  let table = reader.name;
  if (table === undefined) return undefined;
  reader.next();
  if (reader.is('.')) {
    reader.next();
    table = reader.name ?? table;
    reader.next();
  }
  return { table: table.toLowerCase(), verb };
}

/** Collects the writes of a transaction's statements. */
export class Writes {
  readonly tables = new Set<string>();
  /** Tables with removed or changed rows; foreign keys may propagate that. */
  readonly removed = new Set<string>();
  readonly updated = new Set<string>();
  /** An operation was added to the outbox. */
  enqueued = false;
  isAll = false;

  constructor(readonly family: SqlFamily = 'sqlite') {}

  /** The writes of a statement outside a transaction. */
  static of(sql: string, family?: SqlFamily): Writes {
    const writes = new Writes(family);
    writes.note(sql);
    return writes;
  }

  get isEmpty(): boolean {
    return !this.isAll && this.tables.size === 0;
  }

  note(sql: string): void {
    const written = writtenBy(sql, this.family);
    if (written === undefined) return;
    if (written.tables === 'all') {
      this.isAll = true;
      return;
    }
    for (const table of written.tables) {
      this.tables.add(table);
      if (written.verb === 'delete') this.removed.add(table);
      else if (written.verb === 'update') this.updated.add(table);
      else if (table === 'sync_outbox') this.enqueued = true;
    }
  }
}
