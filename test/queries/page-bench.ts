import initSqlJs from 'sql.js';
import wasmUrl from 'sql.js/dist/sql-wasm.wasm?url';
import { createSyncEngine } from '../../src/engine/create-sync-engine.ts';
import type { SyncEngine } from '../../src/engine/api/sync-engine.ts';
import type { SyncEngineOptions } from '../../src/engine/ports/engine-options.ts';
import type { StoragePort } from '../../src/model/storage-status.ts';
import { openDatabase } from '../../src/persistence/database/open-database.ts';
import { announceStorage } from '../../src/persistence/database/storage-port.ts';
import { syncTable } from '../../src/persistence/tables/sync-table.ts';
import type { SyncEntityWriter } from '../../src/persistence/writing/writer.ts';
import { MemoryBackend } from '../../src/testing/memory-backend.ts';
import { MemoryTransport } from '../../src/testing/memory-transport.ts';
import { seededRandom } from '../../src/testing/seeded-random.ts';
import { createSimulatedClock, type SimulatedClock } from '../../src/testing/simulated-clock.ts';
import { todoEntity, type Todo } from '../support/todo.ts';

export const todos = syncTable(todoEntity);

/** An engine in a page: real SQLite, a server in memory, a clock that moves only when told. */
export interface PageBench {
  readonly engine: SyncEngine;
  readonly backend: MemoryBackend;
  readonly transport: MemoryTransport;
  readonly clock: SimulatedClock;
  readonly writer: SyncEntityWriter<Todo>;
  close(): Promise<void>;
}

export async function openPageBench(
  options: Partial<SyncEngineOptions> = {},
  storage?: StoragePort,
): Promise<PageBench> {
  const clock = createSimulatedClock();
  const dataSource = await openDatabase({
    database: ':memory:',
    driver: 'sqljs',
    initSqlJs,
    locateFile: () => wasmUrl,
    entities: [todoEntity],
    synchronize: true,
  });
  if (storage !== undefined) announceStorage(dataSource, storage);
  const backend = new MemoryBackend({ naming: 'camelCase' });
  const transport = new MemoryTransport({ backend });
  const engine = createSyncEngine({
    tables: [todos],
    random: seededRandom(1),
    connectivity: false,
    ...options,
    dataSource,
    transport,
    clock,
  });
  await engine.start();
  return {
    engine,
    backend,
    transport,
    clock,
    writer: engine.writer(todos),
    close: async () => {
      await engine.dispose();
      await dataSource.destroy();
    },
  };
}
