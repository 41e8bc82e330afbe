/** Everything that is called after a database: locks, channels, the folder of its file. */
export interface DatabaseNames {
  readonly name: string;
  /** Folder of the file pool in the origin private file system. */
  readonly directory: string;
  /** The IndexedDB database of its pages, and of the note where its data lies. */
  readonly pages: string;
  /** Held by the owner's worker. Has no version: two versions would hold two locks on one file. */
  readonly ownerLock: string;
  /** Where tabs and the owner find each other. Has no version either: a newer tab must reach an older owner. */
  readonly lobby: string;
  /** Held by the tab that syncs, while a run works. */
  readonly syncLock: string;
  /** Held by a tab while it lives. */
  tabLock(tab: string): string;
  /** The channel between the owner and one tab, for one attachment. */
  line(attachment: string): string;
  /** The channel of one export or import. */
  transfer(id: string): string;
}

/** Where the database and its WAL lie inside their pool. */
export const databaseFile = '/database.sqlite3';
export const walFile = `${databaseFile}-wal`;
/** Every file of ours lies below it. */
export const homeDirectory = 'synchart';
const longestName = 100;
/** Names of files have a limit of 255 bytes on most systems. */
const longestDirectory = 200;
const plain = /[a-z0-9_-]/;

/** Why a text cannot name a database; undefined when it can. */
export function nameProblem(name: unknown): string | undefined {
  if (typeof name !== 'string') return `must be a text, got ${typeof name}`;
  if (name.trim() === '') return 'must not be empty';
  if (name.length > longestName) return `has ${name.length} characters, at most ${longestName} are possible`;
  // A lone surrogate has no bytes in UTF-8, so two such names would meet in one file.
  if (/[\p{Cc}\p{Cs}]/u.test(name)) return 'contains a control character or half a character';
  if (/[/\\]/.test(name)) return 'contains a slash; it is the name of a database, not a path';
  return encoded(name).length > longestDirectory ? 'is too long for the name of a folder' : undefined;
}

/**
 * Spells any name with characters that every file system keeps apart: capitals become bytes, too, since some do not
 * distinguish them.
 */
const encoded = (name: string): string =>
  [...name]
    .map((character) =>
      plain.test(character)
        ? character
        : [...new TextEncoder().encode(character)].map((byte) => `~${byte.toString(16).padStart(2, '0')}`).join(''),
    )
    .join('');

/**
 * Throws `RangeError` for a name that cannot be one. With `aloneAs`, the names are of one tab alone: a database in
 * memory is not shared.
 */
export function namesOf(name: string, aloneAs?: string): DatabaseNames {
  const problem = nameProblem(name);
  if (problem !== undefined) throw new RangeError(`The name of a browser database ${problem}`);
  const base = `synchart:${encoded(name)}${aloneAs === undefined ? '' : `:${aloneAs}`}`;
  return {
    name,
    directory: `${homeDirectory}/${encoded(name)}`,
    pages: `synchart:${encoded(name)}`,
    ownerLock: `${base}:owner`,
    lobby: `${base}:lobby`,
    syncLock: `${base}:sync`,
    tabLock: (tab) => `${base}:tab:${tab}`,
    line: (attachment) => `${base}:line:${attachment}`,
    transfer: (id) => `${base}:transfer:${id}`,
  };
}
