import { expect, test } from 'vitest';
import {
  automatic,
  finishing,
  kindFailed,
  kinds,
  nothingTaken,
  paging,
  preparing,
  record,
  settledWith,
  settling,
  sweeping,
  sync,
  taking,
  type Script,
} from './chart-script.ts';

const resyncing = (): Script => preparing().done('prepareResync').done('takeBatch', nothingTaken);
const pullOne = (): Script => paging().page('todos', 500).done('pullKind');
const leftOut = (): Script =>
  settling()
    .done('settleBatch', settledWith({ pushed: 3 }))
    .done('takeBatch', nothingTaken)
    .done('pullKind')
    .fail('pullKind', kindFailed('lists'));

// Asked within the test, so that a fault in a guard is a red assertion and not a file that cannot be read.
test.each<[string, () => Script, string, object]>([
  ['a batch is of the kinds that are left to push', taking, 'takeBatch', { runId: 1, kinds }],
  [
    'a pull is of the first kind that is left',
    paging,
    'pullKind',
    { runId: 1, kind: 'todos', resync: false, totalDone: 0 },
  ],
  [
    'what was counted of one kind is not counted for the next',
    pullOne,
    'pullKind',
    { runId: 1, kind: 'lists', resync: false, totalDone: 0 },
  ],
  ['a full resync is prepared for its kinds', preparing, 'prepareResync', { runId: 1, kinds }],
  ['a pull of a full resync says so', resyncing, 'pullKind', { runId: 1, kind: 'todos', resync: true, totalDone: 0 }],
  ['a sweep says whether somebody asked for it', sweeping, 'sweepResync', { runId: 1, kind: 'todos', requested: true }],
  [
    'the end of a run',
    finishing,
    'finishRun',
    { runId: 1, kinds, pullKinds: kinds, pushed: 0, succeeded: true, patient: true },
  ],
  [
    'the end of a run that left a kind out',
    leftOut,
    'finishRun',
    { runId: 1, kinds, pullKinds: kinds, pushed: 3, succeeded: false, patient: true },
  ],
  [
    'the end of a run that another waits for',
    () => finishing().send(sync),
    'finishRun',
    { patient: false, succeeded: true },
  ],
])('%s', (_, reach, actor, expected) => {
  expect(reach().inputOf(actor)).toMatchObject(expected);
});

test.each([
  ['that did all', finishing, {}],
  ['that left work for later', () => finishing(automatic), { nextDueInMs: 4_000 }],
  ['that left a kind out', leftOut, {}],
])('a run %s reports its duration', (_, reach, answer) => {
  const ended = reach().done('finishRun', record({ tookMs: 17, ...answer }));
  expect(ended.emitted).toContainEqual(expect.objectContaining({ type: 'run.ended', tookMs: 17 }));
});
