import type { CDPSession, Page } from 'playwright';

/** What a script keeps alive: bytes of its heap, and how many objects of some classes. */
type Objects = Readonly<Record<string, number>>;

type Send = (method: string, parameters?: object) => Promise<Record<string, unknown>>;

/** A call that waits is a promise; a listener keeps its port or channel. */
const classes = ['Promise', 'MessagePort', 'BroadcastChannel', 'Worker', 'AbortController'];

/** Runs in a worker before its script. Chromium lists the objects of a class in pages only, so this one counts. */
export const countInWorker = `
  const counted = (globalThis.counted = { handles: 0, channels: 0, listeners: 0 });
  const after = (prototype, method, note) => {
    const original = prototype[method];
    prototype[method] = function (...given) { note(); return original.apply(this, given); };
  };
  after(FileSystemFileHandle.prototype, 'createSyncAccessHandle', () => { counted.handles += 1; });
  after(FileSystemSyncAccessHandle.prototype, 'close', () => { counted.handles -= 1; });
  after(BroadcastChannel.prototype, 'close', () => { counted.channels -= 1; });
  after(EventTarget.prototype, 'addEventListener', () => { counted.listeners += 1; });
  after(EventTarget.prototype, 'removeEventListener', () => { counted.listeners -= 1; });
  globalThis.BroadcastChannel = class extends BroadcastChannel {
    constructor(name) { super(name); counted.channels += 1; }
  };
`;

interface Remote {
  readonly objectId?: string;
  readonly value?: unknown;
}

async function bytesOf(send: Send): Promise<number> {
  // The first one lets finalizers run.
  await send('HeapProfiler.collectGarbage');
  await send('HeapProfiler.collectGarbage');
  return Number((await send('Runtime.getHeapUsage'))['usedSize']);
}

async function countInPage(send: Send): Promise<Objects> {
  const counted: Record<string, number> = { bytes: await bytesOf(send) };
  for (const name of classes) {
    const { result } = await send('Runtime.evaluate', { expression: `${name}.prototype` });
    const prototypeObjectId = (result as Remote).objectId;
    const { objects } = await send('Runtime.queryObjects', { prototypeObjectId, objectGroup: 'counted' });
    const { result: length } = await send('Runtime.callFunctionOn', {
      objectId: (objects as Remote).objectId,
      functionDeclaration: 'function () { return this.length; }',
      returnByValue: true,
    });
    counted[name] = Number((length as Remote).value);
    await send('Runtime.releaseObjectGroup', { objectGroup: 'counted' });
  }
  return counted;
}

async function countedIn(send: Send): Promise<Objects> {
  const { result } = await send('Runtime.evaluate', { expression: 'globalThis.counted', returnByValue: true });
  return { bytes: await bytesOf(send), ...((result as Remote).value as Objects) };
}

interface Answer {
  readonly result?: Record<string, unknown>;
  readonly error?: { readonly message: string };
}

/** Speaks with a worker of the page: its messages travel inside those of the page's session. */
async function workerOf(session: CDPSession): Promise<Send> {
  const attached = new Promise<string>((resolve) => {
    session.on('Target.attachedToTarget', ({ sessionId, targetInfo }) => {
      if (targetInfo.type === 'worker') resolve(sessionId);
    });
  });
  const waiting = new Map<number, (answer: Answer) => void>();
  session.on('Target.receivedMessageFromTarget', ({ message }) => {
    const answer = JSON.parse(message) as Answer & { readonly id?: number };
    waiting.get(answer.id ?? -1)?.(answer);
  });
  await session.send('Target.setAutoAttach', { autoAttach: true, waitForDebuggerOnStart: false, flatten: false });
  const sessionId = await attached;
  let last = 0;
  return (method, parameters = {}) =>
    new Promise((resolve, reject) => {
      const id = (last += 1);
      waiting.set(id, ({ result, error }) => {
        waiting.delete(id);
        if (error === undefined) resolve(result ?? {});
        else reject(new Error(`${method}: ${error.message}`));
      });
      session
        .send('Target.sendMessageToTarget', { sessionId, message: JSON.stringify({ id, method, params: parameters }) })
        .catch(reject);
    });
}

/** Counts what a page and its worker keep alive, after garbage was collected; the worker runs {@link countInWorker}. */
export async function watchObjects(
  page: Page,
): Promise<{ count(): Promise<{ readonly page: Objects; readonly worker: Objects }> }> {
  const session = await page.context().newCDPSession(page);
  const worker = await workerOf(session);
  const send = session.send.bind(session) as unknown as Send;
  return { count: async () => ({ page: await countInPage(send), worker: await countedIn(worker) }) };
}

type Counted = readonly { readonly page: Objects; readonly worker: Objects }[];

/** One megabyte: code that was compiled meanwhile, and what the engine keeps by itself. */
const allowedBytes = 1_000_000;
/** Of objects: what the counting itself keeps. */
const allowedObjects = 5;

/** What has become more than it was. */
export function growth(before: Counted, after: Counted): readonly string[] {
  const told: string[] = [];
  for (const [tab, counts] of after.entries())
    for (const where of ['page', 'worker'] as const)
      for (const [name, now] of Object.entries(counts[where])) {
        const then = before[tab]?.[where][name] ?? 0;
        if (now - then > (name === 'bytes' ? allowedBytes : allowedObjects))
          told.push(`tab ${tab}, ${where}: ${name} ${then} → ${now}`);
      }
  return told;
}

export const textOf = (counted: Counted): string =>
  counted
    .map(
      ({ page, worker }) =>
        `${((page['bytes'] ?? 0) / 1e6).toFixed(1)}+${((worker['bytes'] ?? 0) / 1e6).toFixed(1)} MB ${page['Promise']} promises ${worker['handles']} handles ${worker['listeners']} listeners`,
    )
    .join(', ');
