import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createTestServer } from '../../src/testing/test-server.ts';
import { startChild } from '../prove/child-process.ts';
import type { PhoneOptions } from '../prove/phone-process.ts';

/** Run before anything else: takes away what Hermes and React Native do not have, once Node has what it needs of it. */
const withoutWhatPhonesLack = `data:text/javascript,${encodeURIComponent(`
  import 'node:http';
  import 'node:https';
  import 'node:zlib';
  process.getBuiltinModule = undefined;
  delete globalThis.structuredClone;
  delete globalThis.BroadcastChannel;
  delete URL.canParse;
  delete AbortSignal.any;
  delete AbortSignal.timeout;
  delete Promise.withResolvers;
  delete crypto.randomUUID;
  for (const name of ['toSorted', 'toReversed', 'toSpliced', 'with']) delete Array.prototype[name];
`)}`;

test.each(['expo-sqlite', 'op-sqlite'] as const)(
  'I1: an app on %s, without the APIs that phones lack, keeps an offline write and sends it once',
  { timeout: 60_000 },
  async (name) => {
    const directory = await mkdtemp(join(tmpdir(), 'synchart-phone-'));
    await using server = await createTestServer({ naming: 'camelCase' });
    try {
      const options: PhoneOptions = { package: name, database: join(directory, 'app.db'), url: server.url };
      const child = await startChild('phone-process.ts', options, { flags: ['--import', withoutWhatPhonesLack] });
      const { code, stderr } = await child.ended;
      expect(stderr).toBe('');
      expect(code).toBe(0);
      expect(child.lines).toEqual(['queued true', 'left false']);
      expect(server.getAll('todos')).toMatchObject([{ id: 'a', title: 'written offline' }]);
      expect(server.recordedRequests.filter(({ method }) => method === 'PUT')).toHaveLength(1);
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
  },
);
