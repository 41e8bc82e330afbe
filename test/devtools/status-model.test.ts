import { expect, test } from 'vitest';
import type { EngineView } from '../../src/devtools/protocol/engine-view.ts';
import { describeEntry } from '../../src/devtools/views/entries/describe-entry.ts';
import type { OperationView } from '../../src/devtools/protocol/messages.ts';
import { whyQueued } from '../../src/devtools/views/outbox-model.ts';
import { remedyButtonsOf } from '../../src/devtools/views/remedy-buttons.ts';
import { bundleFileName } from '../../src/devtools/views/words/bundle-file-name.ts';
import { isOvercome, statusModelOf, type StatusModel } from '../../src/devtools/views/status-model.ts';

const viewOf = (part: Partial<EngineView> = {}): EngineView => ({
  at: 10_000,
  status: { phase: 'idle', pending: 0, stuck: 0, conflicts: 0, online: true, paused: false },
  value: 'idle',
  active: [],
  tags: [],
  context: {},
  session: 'signedIn',
  lease: 'free',
  scopeChanged: false,
  faults: {},
  throughput: [0, 4, 2, 0],
  recording: true,
  ...part,
});
const facts = (view: EngineView): readonly string[] => statusModelOf(view, 10_000).facts.map(({ text }) => text);

test('I12: always shows pending, online, session and leadership in their places', () => {
  expect(facts(viewOf())).toEqual(['0 pending', 'online', 'signed in', 'no leader']);
  const status = { phase: 'pushing', pending: 1_500, stuck: 2, conflicts: 1, online: false, paused: false } as const;
  expect(
    facts(viewOf({ status, session: 'authRequired', lease: 'held', faults: { latencyMs: 5 }, recording: false })),
  ).toEqual([
    '1,502 pending',
    'offline',
    'signed out',
    'leader',
    '2 stuck',
    '1 conflict',
    'faults on',
    'not recording',
  ]);
  expect(facts(viewOf({ lease: 'waiting', status: { ...status, phase: 'standby' } }))).toContain('another leads');
  expect(facts(viewOf({ lease: 'waiting', status: { ...status, phase: 'planning' } }))).toContain('no leader');
});

test('I12: counts down the wait before the next try, and scales the throughput by its peak', () => {
  const status = {
    phase: 'backoff',
    pending: 1,
    stuck: 0,
    conflicts: 0,
    online: true,
    paused: false,
    retryAt: 22_000,
    progress: { phase: 'push', done: 1 },
  } as const;
  expect(statusModelOf(viewOf({ status }), 10_000)).toMatchObject({
    detail: 'again in 12 s',
    spark: [0, 1, 0.5, 0],
    perSecond: 2,
  });
  expect(statusModelOf(viewOf({ status }), 20_000).detail).toBe('again in 2.0 s');
});

test('I12: run progress names what it counts: rows of a kind, otherwise operations', () => {
  const detail = (progress: NonNullable<EngineView['status']['progress']>): string =>
    statusModelOf(viewOf({ status: { ...viewOf().status, phase: 'pushing', progress } }), 10_000).detail;
  expect(detail({ phase: 'push', done: 2 })).toBe('2 operations');
  expect(detail({ phase: 'push', done: 1 })).toBe('1 operation');
  expect(detail({ phase: 'push', done: 1, total: 1_200 })).toBe('1 of 1,200 operations');
  expect(detail({ phase: 'pull', done: 48_500, total: 135_000, kind: 'cities' })).toBe('48,500 of 135,000 cities');
});

test('a page shows where its file is, and reports memory storage, damage and a newer release', () => {
  const { status } = viewOf();
  const storage = { mode: 'opfs', role: 'owner', tab: 'a', ownerTab: 'a', persisted: true } as const;
  const fact = (part: object): string | undefined =>
    facts(viewOf({ status: { ...status, storage: { ...storage, ...part } } }))[4];
  expect(fact({})).toBe('file in this tab');
  expect(fact({ role: 'follower', ownerTab: 'b' })).toBe('file in another tab');
  expect(fact({ role: 'opening' })).toBe('file changes hands');
  expect(fact({ role: 'outdated' })).toBe('a newer release has the file: reload');
  expect(fact({ mode: 'memory' })).toBe('in memory only');
  expect(fact({ damage: 'row 5 missing' })).toBe('file damaged');
});

test('another tab shows as leader as soon as it reports that it syncs', () => {
  const { status } = viewOf();
  const storage = { mode: 'opfs', role: 'owner', tab: 'a', persisted: true } as const;
  expect(facts(viewOf({ status: { ...status, storage: { ...storage, syncingTab: 'b' } } }))[3]).toBe('another leads');
  expect(facts(viewOf({ status: { ...status, storage: { ...storage, syncingTab: 'a' } }, lease: 'held' }))[3]).toBe(
    'leader',
  );
});

test('I12: shows the most important finding with its remedy, and no merely informative ones', () => {
  const notice = {
    code: 'notPersisted',
    level: 'notice',
    text: 'May be deleted.',
    remedies: ['Install the app.'],
  } as const;
  const offline = { code: 'offline', level: 'waiting', text: 'Offline.', remedies: ['Connect.', 'Wait.'] } as const;
  const conflict = { code: 'conflict', level: 'warning', text: 'Somebody else.', remedies: ['Decide.'] } as const;
  const told = (...diagnosis: NonNullable<EngineView['diagnosis']>): StatusModel['diagnosis'] =>
    statusModelOf(viewOf({ diagnosis }), 10_000).diagnosis;
  expect(told(conflict, offline, notice)).toEqual({
    text: 'Somebody else.',
    remedies: 'Decide.',
    tone: 'conflict',
    buttons: [],
  });
  expect(told(offline)).toEqual({ text: 'Offline.', remedies: 'Connect. Wait.', tone: 'wait', buttons: [] });
  expect(told(notice)).toBeUndefined();
  expect(statusModelOf(viewOf(), 10_000).diagnosis).toBeUndefined();
});

test('I12: offers the remedies of a finding that the panel can carry out, two at most', () => {
  const labels = (code: string, ...codes: readonly string[]): readonly string[] =>
    remedyButtonsOf({ code, codes }).map(({ label }) => label);
  expect(labels('stuck', 'amend', 'retry', 'drop')).toEqual(['Show the changes', 'Retry all stuck']);
  expect(labels('paused', 'resume')).toEqual(['Resume']);
  expect(labels('signInNeeded', 'signIn')).toEqual(['Signed in again']);
  expect(labels('otherAccount', 'adoptScope', 'clearScope')).toEqual(['Keep for this account…', 'Clear this device…']);
  expect(labels('retrying', 'wait')).toEqual(['Try now']);
  expect(labels('noTrigger', 'sync', 'addTriggers')).toEqual(['Try now']);
  expect(labels('forbidden', 'askPermission', 'drop')).toEqual(['Show the changes']);
  expect(labels('appOutdated', 'reload')).toEqual([]);
  expect(remedyButtonsOf({ code: 'paused' })).toEqual([]);
});

test('I12: is green only where nothing waits and nothing is wrong', () => {
  const well = { code: 'allWell', level: 'ok', text: 'All is well.', remedies: [] } as const;
  const stuck = { code: 'stuck', level: 'warning', text: 'Stuck.', remedies: [] } as const;
  const { status } = viewOf();
  const tones = (part: Partial<EngineView>): readonly unknown[] => {
    const { tone, diagnosis } = statusModelOf(viewOf(part), 10_000);
    return [tone, diagnosis?.tone];
  };
  expect(tones({ diagnosis: [well] })).toEqual(['ok', 'ok']);
  expect(tones({ diagnosis: [well], status: { ...status, pending: 1 } })).toEqual(['wait', undefined]);
  expect(tones({ diagnosis: [stuck], status: { ...status, stuck: 1 } })).toEqual(['conflict', 'conflict']);
  expect(tones({ status: { ...status, pending: 1 } })).toEqual(['wait', undefined]);
});

test('I12: the error of a command is over once a run has ended well', () => {
  const { status } = viewOf();
  expect(isOvercome(5_000, status)).toBe(false);
  expect(isOvercome(5_000, { ...status, lastSyncedAt: 4_000 })).toBe(false);
  expect(isOvercome(5_000, { ...status, lastSyncedAt: 6_000 })).toBe(true);
  expect(isOvercome(undefined, { ...status, lastSyncedAt: 6_000 })).toBe(false);
});

test('names a saved file once after the product, and says event facts in words', () => {
  const at = new Date('2026-01-02T03:04:05Z');
  expect(bundleFileName('synchart', at)).toBe('synchart-2026-01-02T03-04-05.json');
  expect(bundleFileName('todo app', at)).toBe('synchart-todo-app-2026-01-02T03-04-05.json');
  const event = { type: 'event', id: 1, at: 0, name: 'batch.pushed', data: { batchSize: 2, tookMs: 5 } } as const;
  expect(describeEntry(event).detail).toBe('batch size 2 · took 5 ms');
});

test('tells why an operation waits, and what the server said before, but calls no open decision an error', () => {
  const why = (part: object): string =>
    whyQueued({ reason: 'paused', detail: 'Syncing is paused.', ...part } as OperationView);
  expect(why({})).toBe('Syncing is paused.');
  expect(why({ lastError: 'forbidden (403)' })).toBe('Syncing is paused. Before: forbidden (403)');
  expect(why({ reason: 'stuck', detail: 'refused: too long', lastError: 'too long' })).toBe('refused: too long');
  expect(why({ reason: 'conflict', detail: 'waits for a decision', lastError: 'No resolver' })).toBe(
    'waits for a decision',
  );
});
