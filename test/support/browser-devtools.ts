import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium, type Page } from 'playwright';
import { WebSocket } from 'ws';
import { chromiumArguments, findChromium } from './find-chromium.ts';

/** Something of the browser that Playwright gives no `Page` for: the devtools of a page, or a panel in them. */
export interface Target {
  /** Gives the value of an expression, awaited; rejects with what it threw. */
  evaluate<Value>(expression: string): Promise<Value>;
  /** Resolves as soon as an expression is true. Rejects after 30 s with what the target shows then. */
  until(expression: string): Promise<void>;
  call(method: string, params?: object): Promise<Readonly<Record<string, unknown>>>;
}

/** A browser with an extension, and the devtools open for the page. */
export interface InspectedBrowser {
  readonly page: Page;
  readonly devtools: Target;
  /** The page of the extension's panel, shown. */
  readonly panel: Target;
  /**
   * What was thrown in the page of the panel, and what the browser had to say about it, such as what its policy
   * refused.
   */
  readonly complaints: string[];
  /** Shows the panel beside the one that is shown, as Ctrl+[ and Ctrl+] do. */
  switchPanel(direction: '[' | ']'): Promise<void>;
  close(): Promise<void>;
}

interface TargetInfo {
  readonly url: string;
  readonly webSocketDebuggerUrl: string;
}

/**
 * Starts Chromium with an unpacked extension, opens a page with the devtools, and shows the last panel of them, which
 * is the extension's.
 */
export async function inspectPage(extension: string, url: string): Promise<InspectedBrowser> {
  const profile = await mkdtemp(join(tmpdir(), 'synchart-profile-'));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: findChromium(),
    args: [
      ...chromiumArguments,
      `--disable-extensions-except=${extension}`,
      `--load-extension=${extension}`,
      '--auto-open-devtools-for-tabs',
      '--remote-debugging-port=0',
    ],
  });
  const [port] = (await readFile(join(profile, 'DevToolsActivePort'), 'utf8')).split('\n');
  const [page = await context.newPage()] = context.pages();
  await page.goto(url);
  const sockets: WebSocket[] = [];
  const complaints: string[] = [];

  const find = async (part: string): Promise<TargetInfo | undefined> => {
    const response = await fetch(`http://127.0.0.1:${port}/json/list`);
    return ((await response.json()) as readonly TargetInfo[]).find((target) => target.url.includes(part));
  };
  const attach = async (part: string, meanwhile: () => Promise<unknown> = () => Promise.resolve()): Promise<Target> => {
    for (let tries = 0; tries < 100; tries += 1) {
      const info = await find(part);
      if (info !== undefined)
        return connect(info.webSocketDebuggerUrl, sockets, part.startsWith('/') ? complaints : []);
      await meanwhile();
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    throw new Error(`the browser has no ${part}`);
  };
  const devtools = await attach('devtools://');
  const switchPanel = async (direction: '[' | ']'): Promise<void> => {
    const key = {
      modifiers: 2,
      key: direction,
      code: direction === '[' ? 'BracketLeft' : 'BracketRight',
      windowsVirtualKeyCode: direction === '[' ? 219 : 221,
    };
    await devtools.call('Input.dispatchKeyEvent', { type: 'rawKeyDown', ...key });
    await devtools.call('Input.dispatchKeyEvent', { type: 'keyUp', ...key });
  };
  // The devtools add panels of extensions when they are ready; until then the key leads to one of their own.
  const panel = await attach('/panel.html', () => switchPanel('['));
  return {
    page,
    devtools,
    panel,
    complaints,
    switchPanel,
    close: async () => {
      for (const socket of sockets) socket.close();
      await context.close();
      await rm(profile, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

interface Reply {
  readonly id?: number;
  readonly method?: string;
  readonly params?: Readonly<Record<string, unknown>>;
  readonly result?: Readonly<Record<string, unknown>>;
  readonly error?: { readonly message: string };
}

function complaintOf({ params }: Reply): string {
  const { exceptionDetails, entry } = (params ?? {}) as {
    readonly exceptionDetails?: { readonly text: string; readonly exception?: { readonly description?: string } };
    readonly entry?: { readonly text: string; readonly url?: string };
  };
  return exceptionDetails === undefined
    ? `${entry?.text} ${entry?.url}`
    : (exceptionDetails.exception?.description ?? exceptionDetails.text);
}

async function connect(url: string, sockets: WebSocket[], complaints: string[]): Promise<Target> {
  const socket = new WebSocket(url);
  sockets.push(socket);
  await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject));
  const waiting = new Map<number, (reply: Reply) => void>();
  let lastId = 0;
  socket.on('message', (data: Buffer) => {
    const reply = JSON.parse(data.toString()) as Reply;
    if (reply.id !== undefined) waiting.get(reply.id)?.(reply);
    else if (reply.method === 'Runtime.exceptionThrown' || reply.method === 'Log.entryAdded')
      complaints.push(complaintOf(reply));
  });
  const call = (method: string, params: object = {}): Promise<Readonly<Record<string, unknown>>> =>
    new Promise((resolve, reject) => {
      lastId += 1;
      const id = lastId;
      waiting.set(id, ({ error, result = {} }) => {
        waiting.delete(id);
        if (error === undefined) resolve(result);
        else reject(new Error(`${method}: ${error.message}`));
      });
      socket.send(JSON.stringify({ id, method, params }));
    });
  const evaluate = async <Value>(expression: string): Promise<Value> => {
    const { result, exceptionDetails } = (await call('Runtime.evaluate', {
      expression,
      awaitPromise: true,
      returnByValue: true,
    })) as {
      readonly result?: { readonly value?: Value };
      readonly exceptionDetails?: { readonly exception?: { readonly description?: string }; readonly text?: string };
    };
    if (exceptionDetails !== undefined)
      throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
    return result?.value as Value;
  };
  await Promise.all([call('Runtime.enable'), call('Log.enable')]);
  const until = (expression: string): Promise<void> =>
    evaluate<void>(`new Promise((resolve, reject) => {
      const end = performance.now() + 30000;
      const look = () => {
        if (${expression}) resolve();
        else if (performance.now() > end) reject(new Error(${JSON.stringify(`never true: ${expression}`)} + '; shown is: ' + document.body.innerText.slice(0, 2000)));
        else setTimeout(look, 20);
      };
      look();
    })`).catch((error: unknown) => {
      // A page that is being reloaded is asked again when it is there.
      if (error instanceof Error && /navigated|context was destroyed/.test(error.message)) return until(expression);
      throw error;
    });
  return { call, evaluate, until };
}
