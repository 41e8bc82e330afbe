import type { Mutant } from './mutant.ts';

/** Faults in what an answer of the server is taken for: a deletion, a conflict, a refusal, a web page. */
export const answerMutants: readonly Mutant[] = [
  {
    fault: 'I4: CRUD: a write does not compare the version that it read',
    file: 'transport/crud-send.ts',
    edits: [['request.base !== undefined && rowTimestampOf(current) !== request.base', 'false']],
    tests: ['transport/crud-send.test.ts'],
  },
  {
    fault: 'I4: CRUD: a change of a deleted row creates it again',
    file: 'transport/crud-send.ts',
    edits: [["request.action === 'upsert' && request.base === undefined", "request.action === 'upsert'"]],
    tests: ['transport/crud-send.test.ts'],
  },
  {
    fault: 'I5: pulled rows: a live row that names no deletion keeps the one of its older copy',
    file: 'persistence/columns/row-binder.ts',
    edits: [
      ['return value ?? table.readDeletedAt(row) ?? null;', 'return value ?? table.readDeletedAt(row) ?? value;'],
    ],
    tests: ['persistence/pulling/apply-pages.test.ts'],
  },
  {
    fault: 'F-22: CRUD: any success of the read counts as the row',
    file: 'transport/crud-send.ts',
    edits: [[' && rowIdOf(read.value) === id) return read.value', ') return read.value']],
    tests: ['transport/crud-send.test.ts'],
  },
  {
    fault: 'I11: CRUD: nobody looks again between the read and the write',
    file: 'transport/crud-send.ts',
    edits: [['        lastLook(signal);\n', '']],
    tests: ['transport/crud-send.test.ts'],
  },
  {
    fault: 'F-150: answers: a check before the 404 proves that the collection exists',
    file: 'transport/requests/kind-presence.ts',
    edits: [
      ['latest !== undefined && latest.number > since && latest.signal', 'latest !== undefined && latest.signal'],
    ],
    tests: ['transport/push-single.test.ts'],
  },
  {
    fault: 'F-150: answers: a delete answered with an unclear 404 succeeds although the row exists',
    file: 'transport/requests/send-op.ts',
    edits: [
      [
        "if (op.type === 'upsert') return pushNotFound(statusCode, words);",
        'if (exists) return pushNotFound(statusCode, words);',
      ],
    ],
    tests: ['transport/push-single.test.ts'],
  },
  {
    fault: 'F-151: answers: a creation answered with 404 conflicts with a deletion',
    file: 'rules/answers/refused-conflict.ts',
    edits: [
      ['if (current === undefined) return deleted && known.isAbsent;', 'if (current === undefined) return false;'],
    ],
    tests: ['scenario/refused-not-conflicting.test.ts'],
  },
  {
    fault: 'F-151: answers: a strategy gives up a new row for the deletion of another row with its id',
    file: 'engine/conflicts/conflict-strategies.ts',
    edits: [
      [
        "isCreation === true && serverDeleted && plan.type === 'apply'",
        "isCreation === true && serverDeleted && plan.type === 'ask'",
      ],
    ],
    tests: ['scenario/created-over-deletion.test.ts'],
  },
  {
    fault: 'an older list may replace a row from a conflict during a full resync',
    file: 'persistence/settling/settle-conflict.ts',
    edits: [['    await markSettled(session, table.kind, [entityId]);\n', '']],
    tests: ['persistence/replica/resync.test.ts'],
  },
  {
    fault: 'F-151: answers: a creation whose reply was lost counts as never sent',
    file: 'persistence/settling/settle-conflict.ts',
    edits: [
      ['firstSentAt === undefined && (earlier === undefined ?', '(firstSentAt ?? 0) >= 0 && (earlier === undefined ?'],
    ],
    tests: ['scenario/created-over-deletion.test.ts'],
  },
  {
    fault: 'F-151: answers: a stored conflict forgets that it is about a new row',
    file: 'persistence/outbox/conflict-rows.ts',
    edits: [["conflict.isCreation === true ? 'create' : conflict.opType,", 'conflict.opType,']],
    tests: ['scenario/created-over-deletion.test.ts'],
  },
  {
    fault: 'F-151: answers: a creation refused again over the same tombstone conflicts once more',
    file: 'persistence/outbox/conflict-rows.ts',
    edits: [['...(serverDeleted ? { isDeleted: true } : {})', '']],
    tests: ['scenario/created-over-deletion.test.ts'],
  },
  {
    fault: 'F-151: answers: believes a 404 to a creation whose reply was lost without a fetch',
    file: 'engine/actors/read-answer.ts',
    edits: [
      [
        "return gone.type === 'conflict' || request.firstSentAt !== undefined ? undefined : gone;",
        "return gone.type === 'conflict' ? undefined : gone;",
      ],
    ],
    tests: ['scenario/created-over-deletion.test.ts'],
  },
  {
    fault: 'F-161: answers: after a clock step, the answer to a decision counts as older than the row decided on',
    file: 'persistence/settling/settle-applied.ts',
    edits: [['op.baseUpdatedAt || (firstSentAt === undefined ? decidedOn?.version : undefined)', 'op.baseUpdatedAt']],
    tests: ['scenario/created-over-deletion.test.ts'],
  },
  {
    fault: 'F-152: answers: sends only the changed fields of a row that no server has',
    file: 'persistence/taking/freeze-requests.ts',
    edits: [
      [
        'changedFields !== undefined && hasServerRow)',
        'changedFields !== undefined && (hasServerRow || !hasServerRow))',
      ],
    ],
    tests: ['conflicts/whole-rows.test.ts'],
  },
  {
    fault: 'I12: answers: the reasons of single fields are lost on a restart',
    file: 'persistence/sql/stored-reason.ts',
    edits: [
      [
        'if (kept.length === 0 && !bounded.startsWith(marker)) return bounded;',
        'if (kept.length >= 0) return bounded;',
      ],
    ],
    tests: ['scenario/reasons-after-restart.test.ts'],
  },
  {
    fault: "I12: answers: a server's text that looks like a stored reason is read as one",
    file: 'persistence/sql/stored-reason.ts',
    edits: [
      [
        'if (kept.length === 0 && !bounded.startsWith(marker)) return bounded;',
        'if (kept.length === 0) return bounded;',
      ],
    ],
    tests: ['scenario/reasons-after-restart.test.ts'],
  },
  {
    fault: 'F-23: answers: every unreadable answer is called a sign-in page',
    file: 'model/errors/describe-sync-error.ts',
    edits: [['return info.isHtml === true ? webPage', "return info.category === 'parse' ? webPage"]],
    tests: ['scenario/foreign-answers.test.ts'],
  },
  {
    fault: 'F-23: answers: a web page is not distinguished from other text',
    file: 'transport/http/http-answer.ts',
    edits: [['isHtml: isWebPage(text) }', 'isHtml: false }']],
    tests: ['scenario/foreign-answers.test.ts'],
  },
  {
    fault: 'I12: answers: a 401 without a configured token does not say so',
    file: 'transport/answers/unauthorized-words.ts',
    edits: [['if (tokenHint === undefined) return said', 'if (tokenHint !== status) return said']],
    tests: ['transport/auth.test.ts'],
  },
  {
    fault: 'I13: answers: rows of any depth are accepted',
    file: 'model/values/nesting.ts',
    edits: [['return { isTooDeep: true, isShared };', 'return { isTooDeep: false, isShared };']],
    tests: ['hostile/deep-answers.test.ts'],
  },
  {
    fault: 'I13: answers: a deep row in the answer to an accepted write is stored',
    file: 'rules/answers/outcome.ts',
    edits: [
      [
        "return { type: 'applied', row: readable(result.serverData),",
        "return { type: 'applied', row: result.serverData,",
      ],
    ],
    tests: ['hostile/deep-answers.test.ts'],
  },
];
