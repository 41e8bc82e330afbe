import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Measured, Task } from './contender.ts';

const file = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const start = (path: string, args: readonly string[]): ChildProcess =>
  fork(file(path), args, { execArgv: ['--import', 'tsx'], stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });

export interface BenchServer {
  readonly url: string;
  readonly rows: number;
  stop(): Promise<void>;
}

/** `networkMs`: what a network between would add to each request. `pageFolder`: a built page to serve besides. */
export async function startServer(rows: number, networkMs = 0, pageFolder?: string): Promise<BenchServer> {
  const child = start('server.ts', [
    String(rows),
    String(networkMs),
    ...(pageFolder === undefined ? [] : [pageFolder]),
  ]);
  const [ready] = (await once(child, 'message')) as [{ readonly port: number; readonly rows: number }];
  return {
    url: `http://127.0.0.1:${ready.port}`,
    rows: ready.rows,
    stop: async () => {
      child.disconnect();
      await once(child, 'exit');
    },
  };
}

/** Runs a contender in a process of its own; throws when it reports nothing. */
export async function measure(contender: string, task: Task): Promise<Measured> {
  const child = start(`contenders/${contender}.ts`, [JSON.stringify(task)]);
  const reported = new Promise<Measured | undefined>((resolve) => {
    child.once('message', (message) => resolve(message as Measured));
    child.once('exit', () => resolve(undefined));
  });
  const measured = await reported;
  if (child.exitCode === null) await once(child, 'exit');
  if (measured === undefined)
    throw new Error(`bench/contenders/${contender}.ts ended with ${String(child.exitCode)} and reported nothing`);
  return measured;
}
