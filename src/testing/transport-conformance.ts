import type { JsonObject } from '../model/json.ts';
import { epochTimestamp } from '../model/cursor.ts';
import { deleteOp, upsertOp, type Op } from '../model/operation.ts';
import type { OpPushResult, PullPage, PushResult, TransportAdapter } from '../model/transport.ts';

/** A transport connected to a server that is empty and keeps to the protocol. */
export interface ConformanceSubject {
  readonly transport: TransportAdapter;
  /** A kind whose rows have a text field `title`. Default `todos`. */
  readonly kind?: string;
  /** Ends what the factory started. */
  readonly dispose?: () => void | Promise<void>;
}

/** The two functions of a test runner that are needed; those of Vitest, Jest or node:test fit. */
export interface ConformanceRunner {
  describe(name: string, body: () => void): void;
  test(name: string, body: () => Promise<void>): void;
}

/** One thing that every transport must do. */
export interface ConformanceCase {
  readonly title: string;
  run(subject: ConformanceSubject): Promise<void>;
}

/**
 * Registers the tests that every transport adapter must pass against a server that works; the engine relies on nothing else. Without a runner
 * the global `describe` and `test` are used.
 */
export function transportConformance(
  name: string,
  factory: () => ConformanceSubject | Promise<ConformanceSubject>,
  runner: ConformanceRunner = globalRunner(),
): void {
  runner.describe(`${name} keeps to the transport contract`, () => {
    for (const { title, run } of conformanceCases) {
      runner.test(title, async () => {
        const subject = await factory();
        try {
          await run(subject);
        } finally {
          await subject.dispose?.();
        }
      });
    }
  });
}

const oddIds = ['ä/ö 1', 'a%2Fb', 'x?y#z&w=1', 'quote\'"', '日本', 'UPPER', '0'];

/** The cases themselves, for runners that are made otherwise. */
export const conformanceCases: readonly ConformanceCase[] = [
  {
    title: 'a create is answered with the row as it is stored',
    run: async (subject) => {
      const ask = client(subject);
      const row = rowOf(await ask.push(ask.upsert('a', { title: 'A' })));
      same(row['title'], 'A', 'the title of the created row');
      same(String(row['id']), 'a', 'the id of the created row');
      holds(versionOf(row) !== '', 'the created row has an updatedAt');
    },
  },
  {
    title: 'I2: the same request sent again is one effect with one answer',
    run: async (subject) => {
      const ask = client(subject);
      const op = ask.upsert('a', { title: 'A' });
      const first = rowOf(await ask.push(op));
      same(versionOf(rowOf(await ask.push(op))), versionOf(first), 'the version in the second answer');
      same(versionOf(rowOf(await ask.push({ ...op, opId: 'other', requestId: op.opId }))), versionOf(first), 'the version under the same requestId');
      same(versionOf((await ask.pullAll())[0] ?? {}), versionOf(first), 'the stored version');
    },
  },
  {
    title: 'I2: another body under the same request identity is refused',
    run: async (subject) => {
      const ask = client(subject);
      const op = ask.upsert('a', { title: 'A' });
      await ask.push(op);
      same((await ask.push({ ...op, payload: { title: 'B' } })).type, 'pushRejected', 'the answer to another body');
    },
  },
  {
    title: 'SVD-03: an edit on an old base is a conflict that carries the row of this entity',
    run: async (subject) => {
      const ask = client(subject);
      const base = versionOf(rowOf(await ask.push(ask.upsert('a', { title: 'A' }))));
      const current = rowOf(await ask.push(ask.upsert('a', { title: 'B' }, base)));
      const answer = await ask.push(ask.upsert('a', { title: 'C' }, base));
      if (answer.type !== 'pushConflict') return fails(`expected a conflict, got ${answer.type}`);
      same(answer.serverData?.['title'], 'B', "the conflict's row");
      same(versionOf(answer.serverData ?? {}), versionOf(current), "the version of the conflict's row");
      same(rowOf(await subject.transport.forcePush({ ...ask.upsert('a', { title: 'C' }, base), force: true }, {}))['title'], 'C', 'the forced title');
    },
  },
  {
    title: 'deletes: on an old base a conflict, then done, and done again when repeated',
    run: async (subject) => {
      const ask = client(subject);
      const first = versionOf(rowOf(await ask.push(ask.upsert('a', { title: 'A' }))));
      const base = versionOf(rowOf(await ask.push(ask.upsert('a', { title: 'B' }, first))));
      same((await ask.push(ask.remove('a', first))).type, 'pushConflict', 'a delete on an old base');
      const op = ask.remove('a', base);
      same((await ask.push(op)).type, 'pushSuccess', 'a delete on the present base');
      same((await ask.push(op)).type, 'pushSuccess', 'the same delete again');
      same((await ask.push(ask.remove('a', base))).type, 'pushNotFound', 'another delete of what is gone');
      const late = await ask.push(ask.upsert('a', { title: 'late' }, base));
      holds(
        late.type === 'pushNotFound' || (late.type === 'pushConflict' && late.serverDeleted === true),
        `an edit of a deleted row says so, got ${late.type}`,
      );
      same(rowOf(await ask.push({ ...ask.upsert('a', { title: 'again' }), creates: false }))['title'], 'again', 'the title of the recreated row');
    },
  },
  {
    title: 'PROTOCOL §2: a pull brings every row once, deleted ones too, in pages',
    run: async (subject) => {
      const ask = client(subject);
      const ops = Array.from({ length: 23 }, (_, index) => ask.upsert(`r${index}`, { title: `t${index}` }));
      await subject.transport.push(ops, {});
      await ask.push(ask.remove('r5'));
      const ids = (await ask.pullAll(5)).map((row) => String(row['id'])).toSorted();
      same(
        ids.join(),
        ops
          .map(({ id }) => id)
          .toSorted()
          .join(),
        'the ids pulled',
      );
    },
  },
  {
    title: 'ids and texts survive whatever they hold',
    run: async (subject) => {
      const ask = client(subject);
      for (const id of oddIds) {
        await ask.push(ask.upsert(id, { title: `${id} \u{1F600} \n"` }));
        const found = await subject.transport.fetch({ kind: ask.kind, id });
        if (found.type !== 'fetchSuccess') return fails(`expected row ${id}, got ${found.type}`);
        same(String(found.data['id']), id, 'the fetched id');
        same(found.data['title'], `${id} \u{1F600} \n"`, 'the fetched title');
      }
      same((await ask.pullAll()).length, oddIds.length, 'the number of rows');
    },
  },
  {
    title: 'a push answers every operation once, in order, and tells each answer as it comes',
    run: async (subject) => {
      const ask = client(subject);
      const told: OpPushResult[] = [];
      const ops = ['a', 'b', 'a', 'c'].map((id, index) => ({ ...ask.upsert(id, { title: String(index) }), creates: index !== 2 }));
      const { results } = await subject.transport.push(ops, {
        onAnswer: (answer) => {
          told.push(answer);
        },
      });
      same(results.map(({ opId }) => opId).join(), ops.map(({ opId }) => opId).join(), 'the ids of the results');
      same(
        told
          .map(({ opId }) => opId)
          .toSorted()
          .join(),
        ops
          .map(({ opId }) => opId)
          .toSorted()
          .join(),
        'the ids told',
      );
      same((await ask.pullAll()).find((row) => row['id'] === 'a')?.['title'], '2', 'the row written twice (I3)');
      same((await subject.transport.push([], {})).results.length, 0, 'the results of nothing');
    },
  },
  {
    title: 'I9: after an abort it settles, and what was not sent says so',
    run: async (subject) => {
      const ask = client(subject);
      const signal = AbortSignal.abort();
      const { results } = await subject.transport.push([ask.upsert('a', { title: 'A' })], { signal });
      const result = results[0]?.result;
      holds(result?.type === 'pushUnavailable' && !result.dispatched, `an aborted push was not dispatched, got ${String(result?.type)}`);
      same((await ask.pullAll()).length, 0, 'the number of rows');
      const pulled = await subject.transport.pull({ kind: ask.kind, updatedSince: epochTimestamp, pageSize: 1, includeDeleted: true, signal }).then(
        () => 'a page',
        () => 'rejected',
      );
      same(pulled, 'rejected', 'an aborted pull');
    },
  },
  {
    title: 'fetch tells rows from no rows, health never rejects',
    run: async (subject) => {
      same((await subject.transport.fetch({ kind: client(subject).kind, id: 'none' })).type, 'fetchNotFound', 'the fetch of no row');
      same(await subject.transport.health({}), true, 'health');
      same(await subject.transport.health({ signal: AbortSignal.abort() }), false, 'health after an abort');
    },
  },
];

interface Client {
  readonly kind: string;
  upsert(id: string, payload: JsonObject, baseUpdatedAt?: string): Op & { readonly type: 'upsert' };
  remove(id: string, baseUpdatedAt?: string): Op;
  push(op: Op): Promise<PushResult>;
  pullAll(pageSize?: number): Promise<readonly JsonObject[]>;
}

function client({ transport, kind = 'todos' }: ConformanceSubject): Client {
  return {
    kind,
    upsert: (id, payload, baseUpdatedAt) => upsertOp({ kind, id, payload, baseUpdatedAt }),
    remove: (id, baseUpdatedAt) => deleteOp({ kind, id, baseUpdatedAt }),
    push: async (op) => (await transport.push([op], {})).results[0]?.result ?? fails('the push gave no result'),
    pullAll: async (pageSize = 100) => {
      const rows: JsonObject[] = [];
      let start: { updatedSince: string; afterId?: string } = { updatedSince: epochTimestamp };
      let token: string | undefined;
      for (let pages = 0; pages < 100; pages += 1) {
        const page: PullPage = await transport.pull({ kind, pageSize, includeDeleted: true, ...start, pageToken: token });
        rows.push(...page.items);
        const last = page.items.at(-1);
        if (page.nextPageToken === undefined && (token !== undefined || last === undefined || page.hasMore === false)) return rows;
        token = page.nextPageToken;
        if (token === undefined && last !== undefined) start = { updatedSince: versionOf(last), afterId: String(last['id']) };
      }
      return fails('the pull never came to an end');
    },
  };
}

const versionOf = (row: JsonObject): string => String(row['updatedAt'] ?? row['updated_at'] ?? '');

function rowOf(result: PushResult): JsonObject {
  if (result.type !== 'pushSuccess') return fails(`expected success, got ${result.type}`);
  return result.serverData ?? fails('expected the stored row in the answer');
}

function fails(message: string): never {
  throw new Error(message);
}

function holds(condition: boolean, message: string): void {
  if (!condition) fails(`expected: ${message}`);
}

function same(actual: unknown, expected: string | number | boolean, what: string): void {
  if (actual !== expected) fails(`${what}: expected ${String(expected)}, got ${String(actual)}`);
}

function globalRunner(): ConformanceRunner {
  const describe: unknown = Reflect.get(globalThis, 'describe');
  const test: unknown = Reflect.get(globalThis, 'test');
  if (typeof describe !== 'function' || typeof test !== 'function') {
    throw new TypeError('transportConformance found no global describe and test; give them as third argument: { describe, test }');
  }
  return {
    describe: (name, body) => {
      Reflect.apply(describe, undefined, [name, body]);
    },
    test: (name, body) => {
      Reflect.apply(test, undefined, [name, body]);
    },
  };
}
