/** What the benchmark uses of Dexie, which only bench/node_modules has. */
declare module 'dexie' {
  export interface Table<Row, Key> {
    put(row: Row): Promise<Key>;
    add(row: Row): Promise<Key>;
    bulkPut(rows: readonly Row[]): Promise<Key>;
    orderBy(index: string): Collection<Row>;
  }
  interface Collection<Row> {
    offset(count: number): Collection<Row>;
    limit(count: number): Collection<Row>;
    toArray(): Promise<Row[]>;
  }
  export default class Dexie {
    constructor(name: string, options: { readonly chromeTransactionDurability: 'strict' | 'relaxed' });
    version(number: number): { stores(schema: Readonly<Record<string, string>>): unknown };
    table<Row, Key>(name: string): Table<Row, Key>;
    open(): Promise<unknown>;
    transaction<Result>(mode: 'rw', tables: readonly object[], work: () => Promise<Result>): Promise<Result>;
  }
}
