import type { DevtoolsChannel } from '../protocol/messages.ts';
import { randomId } from '../../model/platform/random-id.ts';

/**
 * The panel's end of a channel over HTTP: posts messages, reads the engine's as lines of JSON. Ends with `gone` when
 * the server does.
 */
export function createRemoteChannel(key: string): DevtoolsChannel {
  const listeners = new Set<(message: unknown) => void>();
  const channel = randomId();
  const closing = new AbortController();
  const send = (path: string, body: unknown): Promise<Response> =>
    fetch(path, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
      signal: closing.signal,
    });
  const tell = (message: unknown): void => {
    for (const listener of [...listeners]) listener(message);
  };
  const gone = (): void => {
    if (!closing.signal.aborted) tell({ type: 'gone' });
  };

  const opened = send('/events', channel);
  opened.then((response) => readLines(response, (line) => tell(JSON.parse(line)))).then(gone, gone);
  // One after another, so that they arrive in the order in which they were said.
  let last: Promise<unknown> = opened;
  return {
    post: (message) => {
      last = last.then(() => send('/messages', { channel, message })).catch(() => undefined);
    },
    subscribe: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    close: () => {
      listeners.clear();
      closing.abort();
    },
  };
}

async function readLines(response: Response, read: (line: string) => void): Promise<void> {
  if (!response.ok || response.body === null) throw new Error(`the inspector answered ${response.status}`);
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  // The parts of a line that has not ended: a large one comes in many, and is put together once.
  let begun: string[] = [];
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    const [first = '', ...others] = part.value.split('\n');
    begun.push(first);
    for (const next of others) {
      read(begun.join(''));
      begun = [next];
    }
  }
}
