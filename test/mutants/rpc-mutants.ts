import type { Mutant } from './mutant.ts';

export const rpcMutants: readonly Mutant[] = [
  {
    fault: 'a single write leaves no mark, so that it is stored twice across a takeover',
    file: 'rpc/host/client-statements.ts',
    edits: [['        await this.#mark(write, settledWrites, result);\n', '']],
    tests: ['rpc/takeover.test.ts'],
  },
  {
    fault: 'a commit leaves no mark, so that a stored transaction counts as lost',
    file: 'rpc/host/client-statements.ts',
    edits: [['      await this.#mark(write, settledWrites, nothing);\n', '']],
    tests: ['rpc/takeover.test.ts'],
  },
  {
    fault: 'a call that arrives twice runs twice',
    file: 'rpc/host/client-session.ts',
    edits: [["      if (known !== 'running') this.send(known);\n      return;\n", '']],
    tests: ['rpc/takeover.test.ts'],
  },
  {
    fault: 'the statements of a lost transaction are stored one by one',
    file: 'rpc/client/host-link.ts',
    edits: [["    if (transaction.state !== 'open') throw lostError();\n", '']],
    tests: ['rpc/gate.test.ts', 'rpc/deadline.test.ts'],
  },
  {
    fault: 'a client that is gone keeps its transaction open',
    file: 'rpc/host/client-session.ts',
    edits: [["    this.lose('its client is gone');\n", '']],
    tests: ['rpc/gate.test.ts'],
  },
  {
    fault: 'an older release writes to a file that a newer one has migrated',
    file: 'rpc/host/client-statements.ts',
    edits: [['    if (lacksMigrations(this.#client.release, this.#host.fileRelease)) throw outdated();\n', '']],
    tests: ['rpc/releases.test.ts'],
  },
  {
    fault: "all clients share the foreign key setting that one client's migration has switched off",
    file: 'rpc/host/client-statements.ts',
    edits: [['    if (this.#host.foreignKeys === foreignKeys) return;\n', '    if (foreignKeys) return;\n']],
    tests: ['rpc/gate.test.ts'],
  },
  {
    fault: 'the wait for an answer counts from the call, even while the host is working',
    file: 'rpc/client/silence-watch.ts',
    edits: [
      ['clock.now() - Math.max(this.#lastWordAt, since) >= answerTimeoutMs', 'clock.now() - since >= answerTimeoutMs'],
    ],
    tests: ['rpc/deadline.test.ts'],
  },
  {
    fault: 'live queries miss commits around a takeover',
    file: 'rpc/client/host-link.ts',
    edits: [['    if (isAnother) this.#settings.onCommitElsewhere(undefined);\n', '']],
    tests: ['rpc/shared-database.test.ts'],
  },
  {
    fault: 'a unit of work that was lost with its host does not run again',
    file: 'persistence/gate/sqlite-gate.ts',
    edits: [['if (!repeatable || attempts', 'if (repeatable || attempts']],
    tests: ['persistence/gate/lost-transactions.test.ts'],
  },
  {
    fault: 'a batched statement fails, and the rest of its transaction is stored',
    file: 'rpc/host/client-statements.ts',
    edits: [
      [
        '      if (this.#transaction?.tx === tx) {\n        await this.#rollBack();',
        '      if (tx < 0) {\n        await this.#rollBack();',
      ],
    ],
    tests: ['rpc/led-calls.test.ts'],
  },
  {
    fault: 'concurrent statements reach the host before the BEGIN of their transaction',
    file: 'rpc/client/host-link.ts',
    edits: [['    while (transaction.beginning !== undefined) await transaction.beginning;\n', '']],
    tests: ['rpc/led-calls.test.ts'],
  },
];
