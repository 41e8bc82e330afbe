import type { ServerResponse } from 'node:http';
import { weighEntry } from '../log/weigh-entry.ts';
import type { LogEntry } from '../protocol/log-entry.ts';
import type { DevtoolsChannel, EngineMessage, PanelMessage } from '../protocol/messages.ts';

/** Entries of about this weight make one line; those that follow are written when it was read, bytes. */
const lineWeight = 512 * 1024;
/**
 * Beyond this weight of unread entries the panel is given up: it begins anew when its page is loaded again. More than
 * the log holds, bytes.
 */
const mostWaitingWeight = 128 * 1024 * 1024;

/**
 * The engine's end of a channel over HTTP: what the engine says goes out as lines of JSON, what the panel posts comes
 * in by `receive`.
 */
export interface StreamChannel extends DevtoolsChannel {
  receive(message: unknown): void;
}

type Message = PanelMessage | EngineMessage;

/**
 * Writes as fast as the panel reads (I10). What waits is not written out yet: entries stay those of the log, however
 * large they are, and a large log comes in several lines.
 */
export function createStreamChannel(response: ServerResponse): StreamChannel {
  const listeners = new Set<(message: unknown) => void>();
  /** Said and not written yet, oldest first. */
  let waiting: Message[] = [];
  let waitingWeight = 0;

  const writeNext = (): void => {
    const [message] = waiting;
    if (message === undefined) return;
    const { line, rest, weight } = cut(message);
    waitingWeight -= weight;
    if (rest === undefined) waiting.shift();
    else waiting[0] = rest;
    response.write(`${JSON.stringify(line)}\n`);
  };
  const write = (): void => {
    while (waiting.length > 0 && !response.writableNeedDrain && !response.destroyed) writeNext();
  };
  response.on('drain', write);

  return {
    post: (message) => {
      if (response.writableEnded || response.destroyed) return;
      // Only the newest status counts.
      if (message.type === 'view') waiting = waiting.filter(({ type }) => type !== 'view');
      waiting.push(message);
      waitingWeight += weigh(entriesOf(message));
      write();
      if (waitingWeight > mostWaitingWeight) response.destroy();
    },
    subscribe: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    close: () => {
      listeners.clear();
      while (waiting.length > 0 && !response.destroyed) writeNext();
      response.end();
    },
    receive: (message) => {
      for (const listener of [...listeners]) listener(message);
    },
  };
}

const entriesOf = (message: Message): readonly LogEntry[] =>
  message.type === 'welcome' || message.type === 'entries' ? message.entries : [];
const weigh = (entries: readonly LogEntry[]): number => entries.reduce((sum, entry) => sum + weighEntry(entry), 0);

/** The part of a message that makes a line, and what remains of it. */
function cut(message: Message): { readonly line: Message; readonly rest?: Message; readonly weight: number } {
  if (message.type !== 'welcome' && message.type !== 'entries') return { line: message, weight: 0 };
  const { entries } = message;
  let weight = 0;
  let count = 0;
  for (const entry of entries) {
    if (weight >= lineWeight) break;
    weight += weighEntry(entry);
    count += 1;
  }
  if (count === entries.length) return { line: message, weight };
  return {
    line: { ...message, entries: entries.slice(0, count) },
    rest: { type: 'entries', entries: entries.slice(count) },
    weight,
  };
}
