import { createBundleClient } from '../../src/devtools/client/bundle-client.ts';
import type { DevtoolsClient } from '../../src/devtools/client/devtools-client.ts';
import type { LogEntry } from '../../src/devtools/protocol/log-entry.ts';
import type { Json } from '../../src/model/values/json.ts';

/** A captured day, one after another until there are so many entries. */
export function longRunning(bundle: Json, count: number): DevtoolsClient {
  const client = createBundleClient(bundle);
  const state = client.getState();
  const [first] = state.entries;
  const last = state.entries.at(-1);
  if (first === undefined || last === undefined) throw new TypeError('the bundle has no entries');
  const dayMs = last.at - first.at + 5_000;
  const runs = Math.max(...state.entries.map((entry) => ('runId' in entry ? (entry.runId ?? 0) : 0)));
  const entries = Array.from({ length: count }, (_, index): LogEntry => {
    const day = Math.floor(index / state.entries.length);
    const entry = state.entries[index % state.entries.length] ?? first;
    const runId = 'runId' in entry && entry.runId !== undefined ? { runId: entry.runId + day * runs } : {};
    const moved = { ...entry, ...runId, id: index + 1, at: entry.at + day * dayMs };
    return moved.type === 'request' ? { ...moved, startedAt: moved.startedAt + day * dayMs } : moved;
  });
  const long = { ...state, entries };
  return { ...client, getState: () => long };
}
