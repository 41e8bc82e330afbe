import type { LogEntry, RequestEntry } from '../../protocol/log-entry.ts';
import { createLogPlace, placeOf } from './growing-log.ts';
import { describeRequest, requestOutcome } from './request-model.ts';
import type { Tone } from '../words/phase-tone.ts';

/** A call of the transport and the calls that tried the same again, oldest first. */
export interface CallGroup {
  /** Number of its first call. */
  readonly id: number;
  readonly calls: readonly RequestEntry[];
}

/** Absent members match everything. */
export interface NetworkFilter {
  readonly method?: RequestEntry['method'] | undefined;
  readonly kind?: string | undefined;
  readonly tone?: Tone | undefined;
  readonly text?: string | undefined;
}

export interface NetworkReader {
  /** All groups in the order of their first calls. Grows in place. */
  (entries: readonly LogEntry[]): readonly CallGroup[];
}

/**
 * Groups the calls in a growing log, reading only what is new: a push belongs to the last one that sent one of its
 * requests, or one of its operations, without success; another call to the last of its kind when that failed.
 */
export function createNetworkReader(): NetworkReader {
  let groups: { readonly id: number; readonly calls: RequestEntry[] }[] = [];
  /** Group of the last call by what it was about. */
  let open = new Map<string, { readonly id: number; readonly calls: RequestEntry[] }>();
  const place = createLogPlace();
  let oldest = 0;

  const add = (request: RequestEntry): void => {
    const keys = keysOf(request);
    let group = keys.map((key) => open.get(key)).find((found) => found !== undefined);
    if (group === undefined) {
      group = { id: request.id, calls: [] };
      groups.push(group);
    }
    group.calls.push(request);
    for (const key of keys) open.delete(key);
    for (const key of unsettledOf(request)) open.set(key, group);
  };

  /** The oldest entries went: their calls go, too, and groups of which nothing is left. */
  const drop = (id: number): void => {
    for (const { calls } of groups) calls.splice(0, placeOf(calls, id));
    groups = groups.filter(({ calls }) => calls.length > 0);
    for (const [key, { calls }] of open) if (calls.length === 0) open.delete(key);
  };

  return (entries) => {
    const { isAnew, from, oldestId } = place(entries);
    if (isAnew) [groups, open] = [[], new Map()];
    else if (oldestId > oldest) drop(oldestId);
    oldest = oldestId;
    for (let index = from; index < entries.length; index += 1) {
      const entry = entries[index];
      if (entry?.type === 'request') add(entry);
    }
    return groups;
  };
}

const keyOf = ({ requestId, opId }: { readonly requestId?: string | undefined; readonly opId: string }): string =>
  `op ${requestId ?? opId}`;
const placeKey = ({ method, kind = '', entityId = '' }: RequestEntry): string => `${method} ${kind} ${entityId}`;

const keysOf = (request: RequestEntry): readonly string[] => request.operations?.map(keyOf) ?? [placeKey(request)];

/** What a later call would try again. */
function unsettledOf(request: RequestEntry): readonly string[] {
  const { operations, result, error } = request;
  if (operations !== undefined) return operations.filter(({ outcome }) => outcome !== 'pushSuccess').map(keyOf);
  return result === 'ok' && error === undefined ? [] : [placeKey(request)];
}

/** A line of the list: a group by its last call, or one of the calls of a group that is open. */
export interface NetworkRow {
  readonly group: CallGroup;
  readonly call: RequestEntry;
  /** Which try it is, from 1; absent: the line stands for the whole group. */
  readonly attempt?: number | undefined;
}

/** The lines to show, in order. */
export function networkRows(
  groups: readonly CallGroup[],
  filter: NetworkFilter,
  opened: ReadonlySet<number>,
): readonly NetworkRow[] {
  const rows: NetworkRow[] = [];
  for (const group of groups) {
    if (!group.calls.some((call) => fits(call, filter))) continue;
    const last = group.calls.at(-1);
    if (last !== undefined) rows.push(lineOf(group, last));
    if (group.calls.length > 1 && opened.has(group.id))
      rows.push(...group.calls.map((call, index) => ({ group, call, attempt: index + 1 })));
  }
  return rows;
}

const lines = new WeakMap<CallGroup, NetworkRow>();
/** The same line as long as nothing was added to its group, so that it need not be drawn anew. */
function lineOf(group: CallGroup, call: RequestEntry): NetworkRow {
  const known = lines.get(group);
  if (known?.call === call) return known;
  const line: NetworkRow = { group, call };
  lines.set(group, line);
  return line;
}

function fits(call: RequestEntry, { method, kind, tone, text = '' }: NetworkFilter): boolean {
  const wanted = text.trim().toLowerCase();
  return (
    (method === undefined || call.method === method) &&
    (kind === undefined ||
      call.kind === kind ||
      (call.operations ?? []).some((operation) => operation.kind === kind)) &&
    (tone === undefined || requestOutcome(call).tone === tone) &&
    (wanted === '' || wordsOf(call).some((word) => word.toLowerCase().includes(wanted)))
  );
}

const wordsOf = (call: RequestEntry): readonly string[] => [
  describeRequest(call),
  requestOutcome(call).text,
  ...(call.operations ?? []).flatMap(({ opId, entityId, requestId, message }) => [
    opId,
    entityId,
    requestId ?? '',
    message ?? '',
  ]),
];

/** Where a call lies in the time of its group, in percent; of a single call: how long it took of the longest. */
export function callBar(
  { group, call, attempt }: NetworkRow,
  longestMs: number,
): { readonly start: number; readonly length: number } {
  const first = group.calls[0] ?? call;
  const last = group.calls.at(-1) ?? call;
  const wholeMs = Math.max(1, last.at - first.startedAt);
  if (attempt !== undefined)
    return { start: ((call.startedAt - first.startedAt) / wholeMs) * 100, length: (call.tookMs / wholeMs) * 100 };
  return { start: 0, length: (Math.min(call.tookMs, longestMs) / Math.max(1, longestMs)) * 100 };
}
