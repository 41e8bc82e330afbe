/**
 * Runs the simulator over many seeds: `npm run simulate -- --seeds 100000 [--seed 1] [--minutes 30]`. One failing seed
 * ends it with a shrunk trace and the command that replays it: `npm run simulate -- --seed 42 --keep 3,7,12`.
 */
import { parseArgs } from 'node:util';
import type { AnyStateNode } from 'xstate';
import { syncMachine } from '../../src/index.ts';
import {
  addCounts,
  drawScript,
  noCounts,
  shrinkScript,
  simulate,
  type SimulationCounts,
  type SimulationScript,
} from '../../src/testing.ts';

const { values } = parseArgs({
  options: {
    seeds: { type: 'string' },
    seed: { type: 'string' },
    minutes: { type: 'string' },
    keep: { type: 'string' },
    trace: { type: 'boolean' },
  },
});
const numberOf = (name: 'seeds' | 'seed' | 'minutes', fallback: number): number => {
  const number = values[name] === undefined ? fallback : Number(values[name]);
  if (!Number.isFinite(number) || number < 0)
    throw new RangeError(`--${name} must be a number, got ${String(values[name])}`);
  return number;
};
const first = numberOf('seed', 1);
const seeds = numberOf('seeds', values.seed === undefined ? 1_000 : 1);
const endAt = Date.now() + numberOf('minutes', 525_600) * 60_000;

const say = (text: string): void => void process.stdout.write(`${text}\n`);
const scriptOf = (seed: number): SimulationScript => {
  const script = drawScript(seed);
  if (values.keep === undefined) return script;
  const kept = new Set(values.keep.split(',').map(Number));
  return { ...script, steps: script.steps.filter((_step, index) => kept.has(index)) };
};
const run = (script: SimulationScript) => simulate({ script });

/**
 * Where the chart can rest, as the counts name it: states that have none inside, and that are not always left at once.
 */
const restsOf = (node: AnyStateNode): readonly string[] => {
  const children = Object.values(node.states);
  if (children.length > 0) return children.flatMap(restsOf);
  if (node.type === 'history') return [];
  const last = node.always?.at(-1);
  return last !== undefined && last.guard === undefined ? [] : [node.path.join('.')];
};

function report(done: number, counts: SimulationCounts, seconds: number): void {
  const { steps, operations, requests, commits, crashes, faults, acts, states, moves } = counts;
  say(
    `${done} seeds in ${seconds.toFixed(0)} s: ${steps} steps, ${operations} operations, ${requests} requests, ${commits} commits, ${crashes} crashes`,
  );
  const rests = restsOf(syncMachine.root);
  for (const [name, map] of Object.entries({ faults, acts, states, moves })) {
    say(`\n${name} (${map.size}${map === states ? ` of ${rests.length}` : ''})`);
    for (const [key, times] of [...map].sort((a, b) => b[1] - a[1])) say(`${String(times).padStart(9)}  ${key}`);
  }
  const missed = rests.filter((state) => !states.has(state));
  if (missed.length > 0) say(`\nstates that were not met\n${missed.map((state) => `           ${state}`).join('\n')}`);
}

const begun = Date.now();
const counts = noCounts();
let done = 0;
for (let seed = first; done < seeds && Date.now() < endAt; seed += 1, done += 1) {
  const script = scriptOf(seed);
  const result = await run(script);
  addCounts(counts, result.counts);
  if (values.trace === true) say(result.trace.join('\n'));
  if (result.violation === undefined) {
    if (done % 1_000 === 999) say(`… ${done + 1} seeds, ${((Date.now() - begun) / 1_000).toFixed(0)} s`);
    continue;
  }
  say(`seed ${seed} violates ${result.violation.message}\nshrinking…`);
  const { kept, result: shrunk } = await shrinkScript(script, run);
  say(`\n${JSON.stringify(script.world)}\n\n${shrunk.trace.join('\n')}\n\n${shrunk.violation?.stack ?? ''}\n`);
  const own = values.keep === undefined ? kept : kept.map((index) => values.keep?.split(',')[index]);
  say(`replay: npm run simulate -- --seed ${seed} --keep ${own.join(',')} --trace`);
  process.exitCode = 1;
  done += 1;
  break;
}
report(done, counts, (Date.now() - begun) / 1_000);
