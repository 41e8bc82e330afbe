/**
 * The page of bench/scroll.ts: the panel over a long log, a long outbox, and an engine that goes on. Every answer is
 * made in the page.
 */
import { createElement } from 'react';
import { createRoot } from 'react-dom/client';
import { createDevtoolsClient } from '../../src/devtools/client/devtools-client.ts';
import type { PanelViewName } from '../../src/devtools/panel/context/panel-view.ts';
import { SyncPanel } from '../../src/devtools/panel/sync-panel.tsx';
import { createLocalChannel } from '../../src/devtools/protocol/local-channel.ts';
import type { LogEntry } from '../../src/devtools/protocol/log-entry.ts';
import { protocolVersion, type EngineMessage, type OperationView } from '../../src/devtools/protocol/messages.ts';
import { parseBundle } from '../../src/devtools/protocol/parse-bundle.ts';
import { parsePanelMessage } from '../../src/devtools/protocol/parse-message.ts';
import type { Json } from '../../src/model/values/json.ts';
import busyDay from '../../stories/fixtures/busy-day.json';
import troubles from '../../stories/fixtures/troubles.json';

const day = parseBundle(busyDay);
const [waiting] = parseBundle(troubles).operations.items;
const dayMs = (day.entries.at(-1)?.at ?? 0) - (day.entries[0]?.at ?? 0) + 5_000;
const runsOfDay = Math.max(...day.entries.map((entry) => ('runId' in entry ? (entry.runId ?? 0) : 0)));

/** A captured day again and again; `id` from 1. */
function entryOf(id: number): LogEntry {
  const turn = Math.floor((id - 1) / day.entries.length);
  const entry = day.entries[(id - 1) % day.entries.length];
  if (entry === undefined) throw new TypeError('the captured day has no entries');
  const run = 'runId' in entry && entry.runId !== undefined ? { runId: entry.runId + turn * runsOfDay } : {};
  const moved = { ...entry, ...run, id, at: entry.at + turn * dayMs };
  return moved.type === 'request' ? { ...moved, startedAt: moved.startedAt + turn * dayMs } : moved;
}

const operationAt = (index: number): OperationView => {
  if (waiting === undefined) throw new TypeError('the captured troubles have no operation');
  return { ...waiting, opId: `op-${index}`, entityId: `t${index}` };
};

const { engineEnd, panelEnd } = createLocalChannel();
let lastId = 0;
let operations = 0;
const tell = (message: EngineMessage): void => engineEnd.post(message);
const log = (count: number): void => {
  const entries: LogEntry[] = [];
  while (entries.length < count) entries.push(entryOf((lastId += 1)));
  tell({ type: 'entries', entries });
  const at = entries.at(-1)?.at ?? 0;
  tell({ type: 'view', view: { ...day.view, at, status: { ...day.view.status, pending: operations } } });
};
engineEnd.subscribe((raw) => {
  const parsed = parsePanelMessage(raw);
  if (!parsed.ok) return;
  const { message } = parsed;
  if (message.type === 'hello')
    tell({
      type: 'welcome',
      protocol: protocolVersion,
      panelId: message.panelId,
      engine: day.engine,
      view: day.view,
      entries: [],
    });
  if (message.type !== 'query') return;
  const { offset = 0, limit = 100 } = message.input as { readonly offset?: number; readonly limit?: number };
  const items = Array.from({ length: Math.max(0, Math.min(limit, operations - offset)) }, (_, index) =>
    operationAt(offset + index),
  );
  const answer: unknown =
    message.query === 'operations'
      ? { items, total: operations, offset }
      : message.query === 'operation'
        ? operationAt(0)
        : [];
  tell({ type: 'answer', id: message.id, ok: true, value: answer as Json });
});

const frame = (): Promise<number> => new Promise((resolve) => requestAnimationFrame(resolve));
const listOf = async (): Promise<Element> => {
  for (;;) {
    const list = document.querySelector('[role="list"].sc-scroll');
    if (list !== null) return list;
    await frame();
  }
};
/** Does something in each frame and gives the time between frames, ms. */
async function framesFor(ms: number, each: (share: number) => void): Promise<readonly number[]> {
  const deltas: number[] = [];
  const startedAt = await frame();
  let before = startedAt;
  while (before - startedAt < ms) {
    each((before - startedAt) / ms);
    const now = await frame();
    deltas.push(now - before);
    before = now;
  }
  return deltas;
}

const page = {
  show: async (view: PanelViewName, entries: number, queued: number): Promise<void> => {
    operations = queued;
    const client = createDevtoolsClient(panelEnd);
    for (let told = 0; told < entries; told += 2_000) log(Math.min(2_000, entries - told));
    const place = document.createElement('div');
    place.style.blockSize = '100vh';
    document.body.replaceChildren(place);
    createRoot(place).render(createElement(SyncPanel, { client, initialView: view, theme: 'light' }));
    const list = await listOf();
    list.scrollTop = 0;
    for (let settled = 0; settled < 30; settled += 1) await frame();
  },
  /** The bar of the list is dragged from the top to the bottom and back. */
  drag: async (ms: number): Promise<readonly number[]> => {
    const list = await listOf();
    return framesFor(ms, (share) => {
      list.scrollTop = (list.scrollHeight - list.clientHeight) * (1 - Math.abs(1 - 2 * share));
    });
  },
  /** Somebody else turns the wheel. */
  watch: (ms: number): Promise<readonly number[]> => framesFor(ms, () => undefined),
  /** So many entries a second arrive, in messages as an engine sends them, while the list is at its end. */
  live: async (ms: number, perSecond: number): Promise<readonly number[]> => {
    const list = await listOf();
    list.scrollTop = list.scrollHeight;
    const timer = setInterval(() => log(perSecond / 10), 100);
    try {
      return await framesFor(ms, () => undefined);
    } finally {
      clearInterval(timer);
    }
  },
  total: (): number => document.querySelectorAll('[role="listitem"]').length,
};
export type ScrollPage = typeof page;
declare global {
  interface Window {
    scrollPage?: ScrollPage;
  }
}
window.scrollPage = page;
