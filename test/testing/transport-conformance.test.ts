import { DataSource } from 'typeorm';
import { describe, expect, test } from 'vitest';
import { parseKindSchema, toEntity } from '../../src/server/kind-schema.ts';
import { createSyncServer } from '../../src/server.ts';
import {
  conformanceCases,
  createTestServer,
  MemoryTransport,
  pagingStyles,
  transportConformance,
  type ConformanceSubject,
  type PagingStyle,
} from '../../src/testing.ts';
import { RestTransport, type RestTransportOptions } from '../../src/transport.ts';

const runner = { describe, test };
const overTestServer =
  (options: Partial<RestTransportOptions> = {}, paging?: PagingStyle) =>
  async (): Promise<ConformanceSubject> => {
    const server = await createTestServer({ ...(paging === undefined ? {} : { paging }) });
    return { transport: new RestTransport({ baseUrl: server.url, ...options }), dispose: () => server.close() };
  };
const overSyncServer =
  (options: Partial<RestTransportOptions> = {}, paging?: PagingStyle) =>
  async (): Promise<ConformanceSubject> => {
    const entities = parseKindSchema({ todos: { title: 'text' } }).map(toEntity);
    const dataSource = await new DataSource({ type: 'better-sqlite3', database: ':memory:', entities, synchronize: true }).initialize();
    const server = createSyncServer({ dataSource, tables: entities, ...(paging === undefined ? {} : { paging }) });
    const { url } = await server.listen();
    return {
      transport: new RestTransport({ baseUrl: url, ...options }),
      dispose: async () => {
        await server.close();
        await dataSource.destroy();
      },
    };
  };

transportConformance('MemoryTransport', () => ({ transport: new MemoryTransport() }), runner);
transportConformance('RestTransport over the test server', overTestServer(), runner);
transportConformance('RestTransport in batches over the test server', overTestServer({ enableBatch: true }), runner);
transportConformance('RestTransport over the reference server', overSyncServer(), runner);
transportConformance('RestTransport in batches over the reference server', overSyncServer({ enableBatch: true, pushConcurrency: 4 }), runner);
transportConformance('RestTransport with conditional writes over the reference server', overSyncServer({ conditionalWrite: true }), runner);
for (const style of pagingStyles) {
  transportConformance(`MemoryTransport, ${style}`, () => ({ transport: new MemoryTransport({ paging: style, pageCap: 3 }) }), runner);
  transportConformance(`RestTransport, ${style}`, overSyncServer({}, style), runner);
}

test('the suite fails for a transport that forgets request identities, and for one that never sees a conflict', async () => {
  const failures = async (subject: () => ConformanceSubject): Promise<number> => {
    const outcomes = await Promise.allSettled(conformanceCases.map(({ run }) => run(subject())));
    return outcomes.filter(({ status }) => status === 'rejected').length;
  };
  const blind = (): ConformanceSubject => {
    const transport = new MemoryTransport();
    transport.backend.conflictCheckEnabled = false;
    return { transport };
  };
  expect(await failures(() => ({ transport: new MemoryTransport() }))).toBe(0);
  expect(await failures(() => ({ transport: new MemoryTransport({ capabilities: { idempotency: 'none' } }) }))).toBe(3);
  expect(await failures(blind)).toBe(2);
  expect(() => transportConformance('x', blind)).toThrow(/third argument/);
});
