/** What the benchmark uses of RxDB, which only bench/node_modules has. */
declare module 'rxdb' {
  export interface RxCollection<Row> {
    insert(row: Row): Promise<unknown>;
    bulkInsert(rows: readonly Row[]): Promise<{ readonly error: readonly unknown[] }>;
    bulkUpsert(rows: readonly Row[]): Promise<{ readonly error: readonly unknown[] }>;
  }
  export function createRxDatabase(options: {
    readonly name: string;
    readonly storage: object;
    readonly multiInstance: boolean;
  }): Promise<{
    addCollections<Collections>(
      schemas: Readonly<Record<keyof Collections, { readonly schema: object }>>,
    ): Promise<Collections>;
  }>;
}
declare module 'rxdb/plugins/storage-dexie' {
  export function getRxStorageDexie(options: { readonly chromeTransactionDurability: 'strict' | 'relaxed' }): object;
}
