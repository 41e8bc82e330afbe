import { spawn, type ChildProcess } from 'node:child_process';
import { bundleChild } from './bundle-child.ts';

export interface Child {
  readonly process: ChildProcess;
  /** All lines it wrote so far. */
  readonly lines: readonly string[];
  /** When it is over, however it ended. */
  readonly ended: Promise<{
    readonly code: number | null;
    readonly signal: NodeJS.Signals | null;
    readonly stderr: string;
  }>;
}

/** Starts a script of this folder in a process of its own; it gets `options` as JSON in its first argument. */
export async function startChild(
  script: string,
  options: object,
  { flags = [], onLine }: { readonly flags?: readonly string[]; readonly onLine?: (line: string) => void } = {},
): Promise<Child> {
  const child = spawn(process.execPath, [...flags, await bundleChild(script), JSON.stringify(options)], {
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const lines: string[] = [];
  let rest = '';
  let stderr = '';
  child.stdout.on('data', (data: Buffer) => {
    const parts = (rest + data.toString()).split('\n');
    rest = parts.pop() ?? '';
    for (const line of parts) {
      lines.push(line);
      onLine?.(line);
    }
  });
  child.stderr.on('data', (data: Buffer) => {
    stderr += data.toString();
  });
  // A process that was killed takes no more input.
  child.stdin.on('error', () => undefined);
  return {
    process: child,
    lines,
    ended: new Promise((resolve, reject) => {
      child.on('error', reject);
      child.on('close', (code, signal) => resolve({ code, signal, stderr }));
    }),
  };
}

/** The options that {@link startChild} gave. */
export const optionsOf = <Options>(): Options => JSON.parse(process.argv[2] ?? '{}') as Options;
