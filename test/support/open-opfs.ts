import type { Page } from 'playwright';
import { inject } from 'vitest';
import { rpcDriver, type RpcDriver } from '../../src/rpc/client/rpc-driver.ts';
import type { RpcPort } from '../../src/rpc/protocol/port.ts';
import type { Bridge } from '../browser/page/bridge.ts';
import { openSite, type BrowserSite } from './browser-app.ts';

declare global {
  var bridge: Bridge;
}

type Listener = (event: object) => void;

/** One Chromium with one page for all databases of a test file. */
let opening: Promise<{ readonly site: BrowserSite; readonly page: Page }> | undefined;
const ports = new Map<string, BridgedPort>();

async function openPage(): Promise<{ readonly site: BrowserSite; readonly page: Page }> {
  const site = await openSite(inject('opfsApp'));
  const hear = (line: string, message?: unknown): void => ports.get(line)?.hear(message);
  await site.context.exposeFunction('heardFromHost', hear);
  return { site, page: await site.tab() };
}

/** A line of a tab in Chromium, as a port in Node. Messages stay in order: all of them take the same way. */
class BridgedPort implements RpcPort {
  readonly #listeners = new Map<string, Set<Listener>>();
  #unsent: unknown[] = [];
  #isClosed = false;
  #isSending = false;
  /** What arrives before `start`. */
  #early: unknown[] | undefined = [];

  constructor(
    private readonly page: Page,
    private readonly line: string,
  ) {}

  /** Nothing: the line has ended. */
  hear(message: unknown): void {
    if (message === undefined) this.#tell('close', {});
    else if (this.#early === undefined) this.#tell('message', { data: message });
    else this.#early.push(message);
  }

  start(): void {
    const early = this.#early ?? [];
    this.#early = undefined;
    for (const data of early) this.#tell('message', { data });
  }

  postMessage(message: unknown): void {
    this.#unsent.push(message);
    this.#sendLater();
  }

  close(): void {
    this.#isClosed = true;
    ports.delete(this.line);
    this.#sendLater();
  }

  addEventListener(type: string, listener: Listener): void {
    this.#listeners.set(type, (this.#listeners.get(type) ?? new Set()).add(listener));
  }

  removeEventListener(type: string, listener: Listener): void {
    this.#listeners.get(type)?.delete(listener);
  }

  #tell(type: string, event: object): void {
    for (const listener of this.#listeners.get(type) ?? []) listener(event);
  }

  /** All messages of one turn are one call of the page; closing comes last. */
  #sendLater(): void {
    if (this.#isSending) return;
    this.#isSending = true;
    queueMicrotask(() => {
      this.#isSending = false;
      const messages = this.#unsent;
      this.#unsent = [];
      const work = async ([line, given, isClosed]: readonly [string, readonly unknown[], boolean]): Promise<void> => {
        bridge.send(line, given);
        if (isClosed) await bridge.close(line);
      };
      // A page that ends with the test file answers nothing.
      this.page.evaluate(work, [this.line, messages, this.#isClosed] as const).catch(() => undefined);
    });
  }
}

/** Speaks with the owner of a database on OPFS in Chromium. Each port is a tab of its own. */
export const opfsDriver = (name: string): RpcDriver =>
  rpcDriver(async () => {
    const { page } = await (opening ??= openPage());
    const line = crypto.randomUUID();
    const port = new BridgedPort(page, line);
    ports.set(line, port);
    await page.evaluate(([id, database]) => bridge.open(id, database), [line, name] as const);
    return port;
  });

/** Ends the browser of a test file. */
export async function closeOpfs(): Promise<void> {
  await (await opening)?.site.close();
  opening = undefined;
}
