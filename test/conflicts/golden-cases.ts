import type { SyncConfig } from '../../src/model/config.ts';
import {
  acceptClient,
  acceptMerged,
  acceptServer,
  defer,
  discard,
  type ConflictResolution,
  type ConflictStrategy,
  type TableConflictConfig,
} from '../../src/model/conflict.ts';
import { deepMerge } from '../../src/rules/merging/merge.ts';
import type { Task } from './bench.ts';

type Fields = Partial<Task>;

/**
 * One row of the table: what both sides did, and the expected result. The row starts as `start`, or exists on neither
 * side.
 */
export interface GoldenCase {
  readonly name: string;
  readonly strategy: ConflictStrategy;
  readonly table?: TableConflictConfig;
  readonly config?: Partial<SyncConfig>;
  /** Absent: `start`. Null: both sides create the row. */
  readonly begin?: Fields | null;
  readonly here: Fields | 'deleted';
  /** `purged`: deleted without a tombstone. */
  readonly there: Fields | 'deleted' | 'purged';
  /** How long after (or before) the server's change the user acted. */
  readonly hereLaterMs?: number;
  /** The row on both sides afterwards. `same`: unchanged. */
  readonly result: Fields | 'gone' | 'stays parked';
  readonly resolution?: ConflictResolution['type'];
  /** Requests after the one that met the conflict, and whether each was forced. */
  readonly sends?: 'nothing' | 'conditional' | 'unconditional' | 'forced';
  readonly merged?: { readonly local: readonly string[]; readonly server: readonly string[] };
  /** Our lost fields, as `givenUp` names them; `all`: the whole operation. */
  readonly lost?: readonly string[] | 'all';
  readonly reason?: string;
}

/** The initial row of most cases. */
export const start = {
  title: 'title',
  done: false,
  stock: 5,
  dueDate: '2026-05-01',
  tags: ['a', 'b'],
  meta: null,
} satisfies Fields;
const minute = 60_000;
const every = (local: readonly string[]) => ({
  local,
  server: Object.keys(start).filter((field) => !local.includes(field)),
});
const resolve = (resolution: ConflictResolution): TableConflictConfig => ({ resolver: () => resolution });

export const goldenCases: readonly GoldenCase[] = [
  // ── autoPreserve ──
  {
    name: 'different fields: both survive',
    strategy: 'autoPreserve',
    here: { title: 'mine' },
    there: { stock: 9 },
    result: { title: 'mine', stock: 9 },
    resolution: 'acceptMerged',
    sends: 'conditional',
    merged: every(['title']),
  },
  {
    name: 'the same field: the local value',
    strategy: 'autoPreserve',
    here: { title: 'mine' },
    there: { title: 'theirs', done: true },
    result: { title: 'mine', done: true },
    sends: 'conditional',
  },
  {
    name: 'a cleared field stays cleared (F-28)',
    strategy: 'autoPreserve',
    here: { dueDate: null },
    there: { dueDate: '2026-06-01' },
    result: { dueDate: null },
    sends: 'conditional',
    merged: every(['dueDate']),
  },
  {
    name: 'a removed list item stays removed, an added one joins (F-29)',
    strategy: 'autoPreserve',
    here: { tags: ['b'] },
    there: { tags: ['a', 'b', 'c'] },
    result: { tags: ['b', 'c'] },
    merged: { local: ['tags'], server: Object.keys(start) },
  },
  {
    name: 'a list item is renamed by id, another one there',
    strategy: 'autoPreserve',
    begin: {
      tags: [
        { id: 1, t: 'x' },
        { id: 2, t: 'y' },
      ],
    },
    here: {
      tags: [
        { id: 1, t: 'X' },
        { id: 2, t: 'y' },
      ],
    },
    there: {
      tags: [
        { id: 1, t: 'x' },
        { id: 2, t: 'Y' },
      ],
    },
    result: {
      tags: [
        { id: 1, t: 'X' },
        { id: 2, t: 'Y' },
      ],
    },
  },
  {
    name: 'an item removed here and edited there stays, and that is told',
    strategy: 'autoPreserve',
    begin: { tags: [{ id: 1, t: 'x' }] },
    here: { tags: [] },
    there: { tags: [{ id: 1, t: 'Y' }] },
    result: { tags: [{ id: 1, t: 'Y' }] },
    sends: 'nothing',
    lost: ['tags'],
  },
  {
    name: 'nested objects merge inside',
    strategy: 'autoPreserve',
    begin: { meta: { a: 1, b: 1 } },
    here: { meta: { a: 2, b: 1 } },
    there: { meta: { a: 1, b: 3 } },
    result: { meta: { a: 2, b: 3 } },
  },
  {
    name: 'the same change on both sides needs no request',
    strategy: 'autoPreserve',
    here: { title: 'same' },
    there: { title: 'same', stock: 7 },
    result: { title: 'same', stock: 7 },
    resolution: 'acceptMerged',
    sends: 'nothing',
  },
  {
    name: 'deleted here, edited there: the row comes back',
    strategy: 'autoPreserve',
    here: 'deleted',
    there: { title: 'theirs' },
    result: { title: 'theirs' },
    resolution: 'acceptServer',
    sends: 'nothing',
    lost: 'all',
  },
  {
    name: 'deleted here, edited there, insisted',
    strategy: 'autoPreserve',
    table: { deleteConflict: 'delete' },
    here: 'deleted',
    there: { title: 'theirs' },
    result: 'gone',
    resolution: 'acceptClient',
    sends: 'conditional',
  },
  {
    name: 'edited here, deleted there: created again',
    strategy: 'autoPreserve',
    here: { title: 'mine' },
    there: 'deleted',
    result: { ...start, title: 'mine' },
    resolution: 'acceptClient',
    sends: 'unconditional',
  },
  {
    name: 'edited here, purged there: created again',
    strategy: 'autoPreserve',
    here: { title: 'mine' },
    there: 'purged',
    result: { ...start, title: 'mine' },
    resolution: 'acceptClient',
    sends: 'unconditional',
  },
  {
    name: 'created on both sides: merged on an empty base',
    strategy: 'autoPreserve',
    begin: null,
    here: { title: 'mine', stock: null, tags: ['a'] },
    there: { title: 'theirs', stock: 3, tags: ['b'] },
    result: { title: 'mine', stock: 3, tags: ['b', 'a'] },
    sends: 'conditional',
  },
  { name: 'deleted on both sides: done', strategy: 'autoPreserve', here: 'deleted', there: 'deleted', result: 'gone' },
  {
    name: 'field rules: union, server, max, a function',
    strategy: 'autoPreserve',
    table: {
      fields: {
        tags: 'union',
        title: 'server',
        stock: 'max',
        dueDate: (local, server) => (String(local) < String(server) ? local : server),
      },
    },
    here: { tags: ['b', 'n'], title: 'mine', stock: 7, dueDate: '2026-04-01' },
    there: { tags: ['a', 'b', 'm'], title: 'theirs', stock: 9, dueDate: '2026-06-01' },
    result: { tags: ['a', 'b', 'm', 'n'], title: 'theirs', stock: 9, dueDate: '2026-04-01' },
    lost: ['tags', 'title', 'stock'],
  },
  {
    name: "field rules: min and local, and untouched fields are the server's under any rule",
    strategy: 'autoPreserve',
    table: { fields: { stock: 'min', title: 'local', done: 'local' } },
    here: { stock: 7, title: 'mine' },
    there: { stock: 3, title: 'theirs', done: true },
    result: { stock: 3, title: 'mine', done: true },
    lost: ['stock'],
  },
  {
    name: 'force for servers without conditions',
    strategy: 'autoPreserve',
    config: { mergedPush: 'force' },
    here: { title: 'mine' },
    there: { stock: 9 },
    result: { title: 'mine', stock: 9 },
    sends: 'forced',
  },

  // ── serverWins ──
  {
    name: "edit and edit: the server's",
    strategy: 'serverWins',
    here: { title: 'mine' },
    there: { title: 'theirs' },
    result: { title: 'theirs' },
    resolution: 'acceptServer',
    sends: 'nothing',
    lost: 'all',
  },
  {
    name: 'deleted here, edited there: the row comes back',
    strategy: 'serverWins',
    here: 'deleted',
    there: { title: 'theirs' },
    result: { title: 'theirs' },
    resolution: 'acceptServer',
    sends: 'nothing',
    lost: 'all',
  },
  {
    name: 'edited here, deleted there: gone',
    strategy: 'serverWins',
    here: { title: 'mine' },
    there: 'deleted',
    result: 'gone',
    resolution: 'acceptServer',
    sends: 'nothing',
    lost: 'all',
  },
  {
    name: "created on both sides: the server's",
    strategy: 'serverWins',
    begin: null,
    here: { title: 'mine' },
    there: { title: 'theirs' },
    result: { title: 'theirs' },
    sends: 'nothing',
    lost: 'all',
  },

  // ── clientWins ──
  {
    name: 'edit and edit: forced',
    strategy: 'clientWins',
    here: { title: 'mine' },
    there: { title: 'theirs', stock: 9 },
    result: { title: 'mine', stock: 5 },
    resolution: 'acceptClient',
    sends: 'forced',
  },
  {
    name: 'deleted here, edited there: forced delete',
    strategy: 'clientWins',
    here: 'deleted',
    there: { title: 'theirs' },
    result: 'gone',
    resolution: 'acceptClient',
    sends: 'forced',
  },
  {
    name: 'edited here, deleted there: created again, forced',
    strategy: 'clientWins',
    here: { title: 'mine' },
    there: 'deleted',
    result: { title: 'mine' },
    resolution: 'acceptClient',
    sends: 'forced',
  },

  // ── lastWriteWins ──
  {
    name: 'the local edit is later',
    strategy: 'lastWriteWins',
    hereLaterMs: minute,
    here: { title: 'mine' },
    there: { title: 'theirs' },
    result: { title: 'mine' },
    resolution: 'acceptClient',
    sends: 'conditional',
  },
  {
    name: "the server's edit is later",
    strategy: 'lastWriteWins',
    hereLaterMs: -minute,
    here: { title: 'mine' },
    there: { title: 'theirs' },
    result: { title: 'theirs' },
    resolution: 'acceptServer',
    sends: 'nothing',
    lost: 'all',
  },
  {
    name: "a tie is the server's",
    strategy: 'lastWriteWins',
    hereLaterMs: 0,
    here: { title: 'mine' },
    there: { title: 'theirs' },
    result: { title: 'theirs' },
    resolution: 'acceptServer',
    sends: 'nothing',
    lost: 'all',
  },
  {
    name: 'a later delete',
    strategy: 'lastWriteWins',
    hereLaterMs: minute,
    here: 'deleted',
    there: { title: 'theirs' },
    result: 'gone',
    resolution: 'acceptClient',
    sends: 'conditional',
  },
  {
    name: 'an earlier delete',
    strategy: 'lastWriteWins',
    hereLaterMs: -minute,
    here: 'deleted',
    there: { title: 'theirs' },
    result: { title: 'theirs' },
    resolution: 'acceptServer',
    lost: 'all',
  },
  {
    name: 'edited after the deletion there',
    strategy: 'lastWriteWins',
    hereLaterMs: minute,
    here: { title: 'mine' },
    there: 'deleted',
    result: { title: 'mine' },
    resolution: 'acceptClient',
    sends: 'unconditional',
  },
  {
    name: 'edited before the deletion there',
    strategy: 'lastWriteWins',
    hereLaterMs: -minute,
    here: { title: 'mine' },
    there: 'deleted',
    result: 'gone',
    resolution: 'acceptServer',
    lost: 'all',
  },
  {
    name: 'edited, and nobody knows when it was purged there',
    strategy: 'lastWriteWins',
    hereLaterMs: minute,
    here: { title: 'mine' },
    there: 'purged',
    result: 'gone',
    resolution: 'acceptServer',
    lost: 'all',
  },

  // ── merge ──
  {
    name: "by default the changed fields over the server's",
    strategy: 'merge',
    here: { title: 'mine', tags: ['z'] },
    there: { stock: 9, tags: ['q'] },
    result: { title: 'mine', stock: 9, tags: ['z'] },
    resolution: 'acceptMerged',
    sends: 'conditional',
    merged: every(['title', 'tags']),
  },
  {
    name: "by the table's function",
    strategy: 'merge',
    table: {
      mergeFunction: (local, server) => ({ ...server, title: `${String(local['title'])}+${String(server['title'])}` }),
    },
    here: { title: 'mine' },
    there: { title: 'theirs' },
    result: { title: 'mine+theirs' },
    merged: { local: ['title'], server: Object.keys(start) },
    lost: ['title'],
  },
  {
    name: 'by deepMerge (MRG-04)',
    strategy: 'merge',
    config: { mergeFunction: (local, server) => deepMerge(local, server) },
    begin: { meta: { a: 1, b: 1 } },
    here: { meta: { a: 2, b: 1 } },
    there: { meta: { a: 1, b: 1, c: 5 } },
    result: { meta: { a: 2, b: 1, c: 5 } },
  },
  {
    name: 'deleted here, edited there: the row comes back',
    strategy: 'merge',
    here: 'deleted',
    there: { title: 'theirs' },
    result: { title: 'theirs' },
    resolution: 'acceptServer',
    sends: 'nothing',
    lost: 'all',
  },
  {
    name: 'edited here, deleted there: created again',
    strategy: 'merge',
    here: { title: 'mine' },
    there: 'deleted',
    result: { title: 'mine' },
    resolution: 'acceptClient',
    sends: 'unconditional',
  },

  // ── manual ──
  {
    name: 'nobody can decide: parked',
    strategy: 'manual',
    here: { title: 'mine' },
    there: { title: 'theirs' },
    result: 'stays parked',
    reason: 'No conflict resolver provided for manual strategy',
  },
  {
    name: "the resolver takes the server's",
    strategy: 'manual',
    table: resolve(acceptServer()),
    here: { title: 'mine' },
    there: { title: 'theirs' },
    result: { title: 'theirs' },
    resolution: 'acceptServer',
    sends: 'nothing',
    lost: 'all',
  },
  {
    name: 'the resolver takes ours, on the version shown',
    strategy: 'manual',
    table: resolve(acceptClient()),
    here: { title: 'mine' },
    there: { title: 'theirs' },
    result: { title: 'mine' },
    resolution: 'acceptClient',
    sends: 'conditional',
  },
  {
    name: 'the resolver merges',
    strategy: 'manual',
    table: resolve(acceptMerged({ title: 'both' })),
    here: { title: 'mine' },
    there: { title: 'theirs', stock: 9 },
    result: { title: 'both', stock: 9 },
    resolution: 'acceptMerged',
    sends: 'conditional',
    lost: ['title'],
  },
  {
    name: 'the resolver merges a deleted row: it lives on with that data',
    strategy: 'manual',
    table: resolve(acceptMerged({ title: 'kept' })),
    here: 'deleted',
    there: { title: 'theirs' },
    result: { title: 'kept' },
    resolution: 'acceptMerged',
    sends: 'conditional',
  },
  {
    name: 'the resolver gives it up',
    strategy: 'manual',
    table: resolve(discard()),
    here: { title: 'mine' },
    there: { title: 'theirs' },
    result: { title: 'theirs' },
    resolution: 'discard',
    sends: 'nothing',
    lost: 'all',
  },
  {
    name: 'the resolver wants to decide later',
    strategy: 'manual',
    table: resolve(defer()),
    here: { title: 'mine' },
    there: { title: 'theirs' },
    result: 'stays parked',
    reason: 'Resolution deferred',
  },
  {
    name: 'the resolver keeps the delete',
    strategy: 'manual',
    table: resolve(acceptClient()),
    here: 'deleted',
    there: { title: 'theirs' },
    result: 'gone',
    resolution: 'acceptClient',
    sends: 'conditional',
  },
  {
    name: 'the resolver keeps the edit of a deleted row',
    strategy: 'manual',
    table: resolve(acceptClient()),
    here: { title: 'mine' },
    there: 'deleted',
    result: { title: 'mine' },
    resolution: 'acceptClient',
    sends: 'unconditional',
  },
];
