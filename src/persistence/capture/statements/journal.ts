import type { CapturedTable } from '../entities/captured-table.ts';
import type { Snapshot } from '../entities/loaded-snapshots.ts';

type Entry =
  | { readonly type: 'seen'; readonly table: CapturedTable; readonly id: string; readonly snapshot: Snapshot }
  | { readonly type: 'saved'; readonly entity: object; readonly snapshot: Snapshot }
  | { readonly type: 'triggers' };

/** What a transaction remembers beside its rows. A rolled back savepoint removes its entries. */
export class Journal {
  #entries: Entry[] = [];
  readonly #savepoints = new Map<string, number>();

  /** Records the version of the row that the user saw when changing or removing it. */
  noteSeen(table: CapturedTable, id: string, snapshot: Snapshot): void {
    this.#entries.push({ type: 'seen', table, id, snapshot });
  }

  /** Records an entity object that equals the row after the commit. */
  noteSaved(entity: object, snapshot: Snapshot): void {
    this.#entries.push({ type: 'saved', entity, snapshot });
  }

  /** Records the creation of triggers. */
  noteTriggers(): void {
    this.#entries.push({ type: 'triggers' });
  }

  savepoint(name: string): void {
    this.#savepoints.set(name.toLowerCase(), this.#entries.length);
  }

  /** Forgets the entries after the savepoint. Reports whether the triggers were removed with it. */
  rollbackTo(name: string): { readonly tookTriggers: boolean } {
    const length = this.#savepoints.get(name.toLowerCase()) ?? this.#entries.length;
    const gone = this.#entries.splice(length);
    return { tookTriggers: gone.some(({ type }) => type === 'triggers') };
  }

  /** The first version that the user saw, by id. */
  seenOf(table: CapturedTable): ReadonlyMap<string, Snapshot> {
    const seen = new Map<string, Snapshot>();
    for (const entry of this.#entries)
      if (entry.type === 'seen' && entry.table === table && !seen.has(entry.id)) seen.set(entry.id, entry.snapshot);
    return seen;
  }

  *saved(): Generator<{ readonly entity: object; readonly snapshot: Snapshot }> {
    for (const entry of this.#entries) if (entry.type === 'saved') yield entry;
  }
}

/** The journals of the transactions, and of query runners that have no transaction yet. */
export class Journals {
  readonly #byKey = new WeakMap<object, Journal>();

  of(key: object): Journal {
    const journal = this.#byKey.get(key) ?? new Journal();
    this.#byKey.set(key, journal);
    return journal;
  }

  /** What the user saw, according to the journals of these keys. A later key takes precedence. */
  seenIn(...keys: readonly object[]): (table: CapturedTable) => ReadonlyMap<string, Snapshot> {
    const journals = keys.map((key) => this.#byKey.get(key));
    return (table) => new Map(journals.flatMap((journal) => [...(journal?.seenOf(table) ?? [])]));
  }

  forget(key: object): void {
    this.#byKey.delete(key);
  }

  /** Removes the journal of a transaction. Returns the entity objects that it saved. */
  end(transaction: object): readonly { readonly entity: object; readonly snapshot: Snapshot }[] {
    const saved = [...(this.#byKey.get(transaction)?.saved() ?? [])];
    this.forget(transaction);
    return saved;
  }
}
