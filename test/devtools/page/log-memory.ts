/**
 * How much memory the log takes, in a process of its own: what a real engine writes, again and again with ids of its
 * own, until it is full.
 */
import { attachDevtools } from '../../../src/devtools/agent/attach-devtools.ts';
import { recordChart, UnreadStep, type Step } from '../../../src/devtools/agent/recording/record-chart.ts';
import { eventEntry } from '../../../src/devtools/agent/recording/record-events.ts';
import { createInspectionLog, mostEntries } from '../../../src/devtools/log/inspection-log.ts';
import type { NewEntry } from '../../../src/devtools/log/new-entry.ts';
import { createRedactor } from '../../../src/devtools/log/redact.ts';
import type { SyncEvent } from '../../../src/model/events.ts';
import { openEngine } from '../../support/open-engine.ts';
import { todoOf } from '../../support/todo.ts';

const bench = await openEngine();
const agent = attachDevtools(bench.engine);
const events: SyncEvent[] = [];
const steps: Step[] = [];
recordChart(bench.engine.actor, { clock: bench.clock, log: (step) => step instanceof UnreadStep && steps.push(step) });
bench.engine.events$.subscribe((event) => events.push(event));
for (let index = 0; index < 200; index += 1) await bench.writer.insertAndEnqueue(todoOf(`todo-${index}`));
await bench.engine.sync();
const written = agent.log.read().filter(({ type }) => type === 'request');
await bench.close();

const redact = createRedactor();
const heapUsed = (): number => {
  globalThis.gc?.();
  return process.memoryUsage().heapUsed;
};
/** As from the wire: no text is shared with another one. */
const anew = <Value>(value: Value, turn: number): Value =>
  JSON.parse(JSON.stringify(value).replaceAll('todo-', `todo-${turn}-`)) as Value;

const before = heapUsed();
const log = createInspectionLog();
for (let turn = 0; log.lastId < 1.5 * mostEntries; turn += 1) {
  for (const event of events) log.add(eventEntry('error' in event ? event : anew(event, turn), redact));
  for (const step of steps) log.add(new UnreadStep({ ...step, value: anew(step.value, turn) }));
  for (const { id: _, ...entry } of written) log.add(anew<NewEntry>(entry, turn));
}
const keptBytes = heapUsed() - before;
const kinds = new Set(log.read().map(({ type }) => type));
const readBytes = heapUsed() - before;
process.stdout.write(JSON.stringify({ size: log.size, kinds: [...kinds], keptBytes, readBytes }));
