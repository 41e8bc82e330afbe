/** Table names in lower case, as SQL compares them; `all` where a statement could not be understood. */
export type Tables = ReadonlySet<string> | 'all';

export type WriteVerb = 'insert' | 'update' | 'delete';

/** What one statement writes. REPLACE counts as `delete`: it takes rows away. */
export interface Written {
  readonly tables: readonly string[] | 'all';
  readonly verb: WriteVerb;
}

const name = String.raw`(?:(?:"[^"]*"|[\w$]+)\s*\.\s*)?("(?:[^"]|"")+"|${'`'}[^${'`'}]+${'`'}|\[[^\]]+\]|[\w$\u0080-\uffff]+)`;
const target = String.raw`(?:(insert)(?:\s+or\s+(\w+))?\s+into|(replace)\s+into|(update)(?:\s+or\s+(\w+))?(?!\s+set\b)|(delete)\s+from)\s+(?:only\s+)?${name}`;
const plain = new RegExp(String.raw`\s*${target}`, 'iy');
const anywhere = new RegExp(String.raw`'(?:[^']|'')*'|--[^\n]*|/\*[\s\S]*?(?:\*/|$)|\b${target}`, 'gi');
/** First words of statements that write no rows; transaction control belongs to the gate. */
const harmless =
  /^\s*(?:select|pragma|explain|savepoint|release|values|set|show|analyze|begin|start|commit|end|rollback|vacuum|listen|unlisten|notify)\b|^\s*$/i;
const known = /^(?:\s|--[^\n]*\n|\/\*[\s\S]*?\*\/)*(?:with|select|insert|replace|update|delete|values)\b/i;

const nameOf = (given: string): string => {
  const isQuoted = given.startsWith('"') || given.startsWith('`') || given.startsWith('[');
  return (isQuoted ? given.slice(1, -1).replaceAll('""', '"') : given).toLowerCase();
};
const verbOf = (match: RegExpExecArray): WriteVerb => {
  if (match[6] !== undefined || match[3] !== undefined || /replace/i.test(match[2] ?? match[5] ?? '')) return 'delete';
  return match[4] === undefined ? 'insert' : 'update';
};
const isOneStatement = (sql: string): boolean => {
  const end = sql.indexOf(';');
  return end === -1 || sql.slice(end + 1).trim() === '';
};

/** The same few texts come again and again; long ones are bulk statements, where reading the first words is cheaper than hashing them all. */
const texts = new Map<string, Written | undefined>();
const maxCachedLength = 400;

/**
 * Says which tables a statement writes; undefined when it only reads. Costs a fraction of a microsecond: the first words tell, and only WITH,
 * comments in front and several statements in one text are looked through. A function that writes, called by SELECT, is not seen.
 */
export function writtenBy(sql: string): Written | undefined {
  if (sql.length > maxCachedLength) return parse(sql);
  const before = texts.get(sql);
  if (before !== undefined || texts.has(sql)) return before;
  const written = parse(sql);
  if (texts.size >= 1_000) texts.clear();
  texts.set(sql, written);
  return written;
}

function parse(sql: string): Written | undefined {
  plain.lastIndex = 0;
  const match = plain.exec(sql);
  if (!isOneStatement(sql)) return lookThrough(sql);
  if (match !== null) return { tables: [nameOf(match[7] ?? '')], verb: verbOf(match) };
  return harmless.test(sql) ? undefined : lookThrough(sql);
}

/** What is not understood may write anything. */
function lookThrough(sql: string): Written | undefined {
  if (!isOneStatement(sql) || !known.test(sql)) return { tables: 'all', verb: 'delete' };
  const tables = new Set<string>();
  let verb: WriteVerb = 'insert';
  for (const match of sql.matchAll(anywhere)) {
    if (match[7] === undefined) continue;
    tables.add(nameOf(match[7]));
    if (verb !== 'delete') verb = verbOf(match);
  }
  return tables.size === 0 ? undefined : { tables: [...tables], verb };
}

/** Collects what the statements of a transaction write. */
export class Writes {
  readonly tables = new Set<string>();
  /** Of these, where rows were taken away, or got other values: foreign keys may pass that on. */
  readonly removed = new Set<string>();
  readonly updated = new Set<string>();
  /** An operation was added to the outbox. */
  enqueued = false;
  isAll = false;

  /** Of a statement that runs alone. */
  static of(sql: string): Writes {
    const writes = new Writes();
    writes.note(sql);
    return writes;
  }

  get isEmpty(): boolean {
    return !this.isAll && this.tables.size === 0;
  }

  note(sql: string): void {
    const written = writtenBy(sql);
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
