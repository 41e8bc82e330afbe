import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { WebSocket } from 'ws';

interface Answer {
  readonly id?: number;
  readonly type: string;
  readonly result?: Record<string, unknown>;
  readonly message?: string;
}

/** A tab of Firefox. */
export interface FirefoxTab {
  goto(url: string): Promise<void>;
  /** The value of an expression, once its promise has settled; JSON in between. */
  evaluate<T>(expression: string): Promise<T>;
  close(): Promise<void>;
}

export interface Firefox {
  readonly version: string;
  tab(): Promise<FirefoxTab>;
  /** Ends all of it at once, as a crash does. */
  kill(): Promise<void>;
}

/** Where Firefox is installed; undefined where it is not. */
export const firefoxPath = (): string | undefined =>
  [process.env['FIREFOX_PATH'], '/usr/bin/firefox-esr', '/usr/bin/firefox'].find(
    (path) => path !== undefined && existsSync(path),
  );

/** Starts Firefox with a profile on disk. Speaks WebDriver BiDi with it: Playwright brings its own build only. */
export async function launchFirefox(path: string, profile: string): Promise<Firefox> {
  const child = spawn(
    path,
    ['--headless', '--no-remote', '--profile', profile, '--remote-debugging-port=0', 'about:blank'],
    { detached: true, stdio: ['ignore', 'ignore', 'pipe'] },
  );
  const socket = new WebSocket(`${await addressOf(child)}/session`);
  await new Promise((resolve, reject) => {
    socket.once('open', resolve);
    socket.once('error', reject);
  });
  const waiting = new Map<number, (answer: Answer) => void>();
  socket.on('message', (data: Buffer) => {
    const answer = JSON.parse(data.toString()) as Answer;
    waiting.get(answer.id ?? -1)?.(answer);
  });
  let last = 0;
  const send = (method: string, params: object): Promise<Record<string, unknown>> =>
    new Promise((resolve, reject) => {
      const id = (last += 1);
      waiting.set(id, ({ type, result, message }) => {
        waiting.delete(id);
        if (type === 'success') resolve(result ?? {});
        else reject(new Error(`${method}: ${message ?? type}`));
      });
      socket.send(JSON.stringify({ id, method, params }));
    });
  const { capabilities } = await send('session.new', { capabilities: {} });
  return {
    version: String((capabilities as { browserVersion?: unknown }).browserVersion),
    tab: async () => {
      const { context } = await send('browsingContext.create', { type: 'tab' });
      return {
        goto: async (url) => {
          await send('browsingContext.navigate', { context, url, wait: 'complete' });
        },
        evaluate: async <T>(expression: string): Promise<T> => {
          const answer = await send('script.evaluate', {
            expression: `Promise.resolve(${expression}).then((value) => JSON.stringify(value ?? null))`,
            target: { context },
            awaitPromise: true,
          });
          const { type, result, exceptionDetails } = answer as {
            type: string;
            result?: { value: string };
            exceptionDetails?: { text: string };
          };
          if (type !== 'success' || result === undefined) throw new Error(exceptionDetails?.text ?? type);
          return JSON.parse(result.value) as T;
        },
        close: async () => {
          await send('browsingContext.close', { context });
        },
      };
    },
    kill: async () => {
      const ended = new Promise((resolve) => child.once('exit', resolve));
      socket.terminate();
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
      await ended;
    },
  };
}

const addressOf = (child: ChildProcess): Promise<string> =>
  new Promise((resolve, reject) => {
    let said = '';
    child.stderr?.on('data', (chunk: Buffer) => {
      said += String(chunk);
      const found = /WebDriver BiDi listening on (ws:\S+)/.exec(said)?.[1];
      if (found !== undefined) resolve(found);
    });
    child.once('exit', () => reject(new Error(`Firefox ended: ${said}`)));
  });
