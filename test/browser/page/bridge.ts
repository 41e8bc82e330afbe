/** Gives a Node test ports to the real owner of a database: each is one tab's line with its own worker. */
import { compileWasm } from '../../../src/browser/page/compile-wasm.ts';
import { Tab } from '../../../src/browser/page/tab.ts';
import { startWorkerScript } from '../../../src/browser/page/worker-script.ts';
import type { RpcPort } from '../../../src/rpc/protocol/port.ts';
import { releaseOf } from '../../../src/rpc/protocol/release.ts';
import wasmUrl from '@sqlite.org/sqlite-wasm/sqlite3.wasm?url';

declare global {
  /** Set by the test: receives what arrives through a line, until the line ends. */
  var heardFromHost: (line: string, message?: unknown) => void;
}

interface Line {
  readonly tab: Tab;
  readonly port: RpcPort;
}

const lines = new Map<string, Line>();
let wasm: Promise<WebAssembly.Module | undefined> | undefined;

const bridge = {
  open: async (line: string, name: string): Promise<void> => {
    let port: RpcPort | undefined;
    const tab = new Tab({
      id: crypto.randomUUID(),
      name,
      isInMemory: false,
      entities: 'of the test',
      openTimeoutMs: 20_000,
      release: releaseOf([]),
      startWorker: startWorkerScript,
      wasm: (wasm ??= compileWasm(wasmUrl)),
      onLine: (given) => {
        // A second line leads to another owner: the client asks for its own port.
        if (port !== undefined) heardFromHost(line);
        port ??= given;
      },
      onRole: () => undefined,
      onStorage: ({ mode }) => {
        if (mode !== 'opfs') throw new Error(`the tests need OPFS, and got ${mode ?? 'nothing'}`);
      },
      onSyncing: () => undefined,
      onReplaced: () => undefined,
      onDamage: (damage) => console.error(damage),
    });
    await tab.open();
    if (port === undefined) throw new Error('the tab got no line');
    lines.set(line, { tab, port });
    port.addEventListener('message', (event) => heardFromHost(line, (event as MessageEvent<unknown>).data));
    port.start?.();
  },
  send: (line: string, messages: readonly unknown[]): void => {
    for (const message of messages) lines.get(line)?.port.postMessage(message);
  },
  close: async (line: string): Promise<void> => {
    const found = lines.get(line);
    lines.delete(line);
    await found?.tab.close();
  },
};

export type Bridge = typeof bridge;
Object.assign(globalThis, { bridge, app: bridge });
