import type { Mutant } from './mutant.ts';

/** Faults in the rules. */
export const rulesMutants: readonly Mutant[] = [
  {
    fault: 'I1: a lost reply counts as applied',
    file: 'rules/answers/outcome.ts',
    edits: [
      [
        "return { type: 'retryLater', error: new NetworkError(result.message, { timedOut: result.timedOut ?? false }) };",
        "return { type: 'applied' };",
      ],
    ],
    tests: ['rules/outcome.test.ts'],
  },
  {
    fault: 'F-22: a 404 on an edit counts as applied',
    file: 'rules/answers/outcome.ts',
    edits: [
      [
        "return op.type === 'delete'\n        ? { type: 'applied' }",
        "return op.type !== undefined\n        ? { type: 'applied' }",
      ],
    ],
    tests: ['rules/outcome.test.ts'],
  },
  {
    fault: 'I4: a locally deleted row returns with the next pull',
    file: 'rules/pending/overlay.ts',
    edits: [["const deletedLocally = ops.at(-1)?.type === 'delete';", 'const deletedLocally = false;']],
    tests: ['rules/overlay.test.ts', 'persistence/settling/settle.test.ts'],
  },
  {
    fault: 'I5: pending deltas show twice',
    file: 'rules/pending/overlay.ts',
    edits: [
      [
        'row.set(delta.field, applyDelta(row.get(delta.field), delta));',
        'row.set(delta.field, applyDelta(applyDelta(row.get(delta.field), delta), delta));',
      ],
    ],
    tests: ['rules/overlay.test.ts', 'rules/deltas.test.ts', 'property/deltas.test.ts'],
  },
  {
    fault: 'F-20: followers of an applied operation keep their old base',
    file: 'rules/pending/departure.ts',
    edits: [
      ['const base = exists ? { baseUpdatedAt: serverVersion } : { baseUpdatedAt: undefined };', 'const base = {};'],
    ],
    tests: ['rules/departure.test.ts', 'persistence/settling/settle.test.ts'],
  },
  {
    fault: 'F-136: followers of an applied operation keep their old payload',
    file: 'rules/pending/departure.ts',
    edits: [['? reproject(serverRow, op, keys)\n', '? op.payload\n']],
    tests: ['rules/departure.test.ts', 'persistence/settling/settle.test.ts'],
  },
  {
    fault: 'F-123: a row created and deleted locally is deleted on the server',
    file: 'rules/pending/fold.ts',
    edits: [["if (first.creates) return { type: 'nothing' };", '']],
    tests: ['rules/fold.test.ts'],
  },
  {
    fault: 'F-20: folded edits have the newest base, so that the server detects no conflict',
    file: 'rules/pending/fold.ts',
    edits: [['ops.map((op) => op.baseUpdatedAt).find(', 'ops.map((op) => op.baseUpdatedAt).findLast(']],
    tests: ['rules/fold.test.ts', 'property/fold.test.ts'],
  },
  {
    fault: 'F-27: an edit of unknown fields is forgotten when it folds with others',
    file: 'rules/pending/fold.ts',
    edits: [['if (op.changedFields === undefined) return undefined;', 'if (op.changedFields === undefined) continue;']],
    tests: ['rules/fold.test.ts'],
  },
  {
    fault: 'F-85: Retry-After is ignored',
    file: 'rules/backoff.ts',
    edits: [
      [
        "const asked = failure.type === 'throttled' && failure.retryAfterMs > 0 ? failure.retryAfterMs : 0;",
        'const asked = 0;',
      ],
    ],
    tests: ['rules/backoff.test.ts', 'machines/sync-machine.test.ts'],
  },
  {
    fault: 'a second equal item that a merge dropped is not reported as lost',
    file: 'rules/merging/merge-lists.ts',
    edits: [['return [`${count}:${identity}`, item];', 'return [`${count * 0}:${identity}`, item];']],
    tests: ['rules/lost-changes.test.ts'],
  },
  {
    fault: 'F-27: a changed value without visible content, such as a Map, counts as unchanged',
    file: 'rules/pending/changed-fields.ts',
    edits: [['  if (keys.size === 0) return isPlain(left) && isPlain(right);\n', '']],
    tests: ['rules/changed-fields.test.ts'],
  },
  {
    fault: 'F-156: the cursor passes rows that were written during a listing by position',
    file: 'rules/pages/paging.ts',
    edits: [['countsRows(state.token) ? settled : later', 'countsRows(state.token) ? later : later']],
    tests: ['scenario/listing-under-change.test.ts'],
  },
  {
    fault: 'I12: diagnosis: changes that nothing will send are described as sent soon',
    file: 'rules/diagnosis/diagnose.ts',
    edits: [['const willStart = triggers.length > 0 ||', 'const willStart = triggers.length >= 0 ||']],
    tests: ['rules/diagnosis/diagnosis.test.ts', 'engine/diagnosis/situations.test.ts'],
  },
  {
    fault: 'I12: diagnosis: a change of a table used by a newer release is called refused',
    file: 'rules/answers/refusal-code.ts',
    edits: [["  'newerSchema',\n", '']],
    tests: ['rules/diagnosis/diagnosis.test.ts'],
  },
];
