/**
 * The worker of synchart as it is, which besides counts flushes and messages, records statements and repeats them where the page asks
 * for it.
 */
import { countFlushes, countMessages } from './browser-counters.ts';
import { DatabaseWorker } from '../../src/browser/worker/database-worker.ts';
import { WasmConnection } from '../../src/browser/worker/sqlite-connection.ts';
import type { FromWorker, ToWorker } from '../../src/browser/worker/worker-messages.ts';
import { lineOf, type Question, type RecordedTransaction, type Statement } from './browser-worker-line.ts';

const { execute } = WasmConnection.prototype;
let connection: WasmConnection | undefined;
let recorded: RecordedTransaction[] | undefined;
let statements: Statement[] = [];
let isInside = false;
let seenFlushes = 0;
let seenMessages = 0;

function note(used: WasmConnection, statement: Statement): void {
  statements.push(statement);
  const isOver = isInside && !used.isInTransaction();
  isInside = used.isInTransaction();
  if (isOver) endTransaction();
}

function endTransaction(): void {
  // The answer to the COMMIT counts for the next one.
  recorded?.push({ statements, flushes: countFlushes() - seenFlushes, messages: countMessages() - seenMessages });
  statements = [];
  seenFlushes = countFlushes();
  seenMessages = countMessages();
}

WasmConnection.prototype.execute = function watched(sql, parameters) {
  connection = this;
  const result = execute.call(this, sql, parameters);
  if (recorded !== undefined) note(this, [sql, parameters]);
  return result;
};

/** Runs each transaction at once, as code inside the worker could; the time of each, ms. */
function replay(transactions: readonly (readonly Statement[])[]): readonly number[] {
  if (connection === undefined) throw new Error('this worker does not have the file');
  const used = connection;
  return transactions.map((statements) => {
    const from = performance.now();
    for (const [sql, parameters] of statements) void execute.call(used, sql, parameters);
    return performance.now() - from;
  });
}

function answer(question: Question): unknown {
  switch (question.ask) {
    case 'record':
      endTransaction();
      recorded = [];
      return undefined;
    case 'recorded': {
      const all = recorded;
      recorded = undefined;
      return all;
    }
    case 'replay':
      return replay(question.transactions);
    default:
      return question satisfies never;
  }
}

const line = lineOf(self.name);
line.onmessage = ({ data }: MessageEvent<Question>) => {
  if (connection === undefined) return;
  try {
    line.postMessage({ answer: answer(data) });
  } catch (error) {
    line.postMessage({ error: String(error) });
  }
};

// As src/browser-worker.ts does. That script is kept only where a bundler starts at it, so it is not imported.
const tell = (message: FromWorker): void => self.postMessage(message);
let worker: DatabaseWorker | undefined;
self.addEventListener('message', ({ data, ports }: MessageEvent<ToWorker>) => {
  if (data.type === 'start') worker ??= new DatabaseWorker(data, tell);
  else worker?.receive(data, ports);
});
tell({ type: 'ready' });
