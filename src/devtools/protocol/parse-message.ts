import * as v from 'valibot';
import { conflictStrategies } from '../../model/conflict.ts';
import type { Json, JsonObject } from '../../model/values/json.ts';
import type { EngineMessage, PanelMessage } from './messages.ts';

/** What became of a message that arrived. `id` is set where the sender waits for an answer. */
export type Parsed<Message> =
  | { readonly ok: true; readonly message: Message }
  | { readonly ok: false; readonly id: number | undefined; readonly complaint: string };

const deepest = 100;
/** By hand: a union tries each of its members for each value, and this is most of what a panel reads. */
const isJson = (value: unknown, depth = 0): boolean => {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return true;
  if (typeof value === 'number') return Number.isFinite(value);
  // A channel that clones can bring a circle.
  if (typeof value !== 'object' || depth > deepest) return false;
  if (Array.isArray(value)) {
    for (const item of value) if (!isJson(item, depth + 1)) return false;
    return true;
  }
  for (const item of Object.values(value)) if (item !== undefined && !isJson(item, depth + 1)) return false;
  return true;
};
const json = v.custom<Json>(isJson, 'no JSON');
const jsonObject = v.custom<JsonObject>(
  (value) => typeof value === 'object' && value !== null && !Array.isArray(value) && isJson(value),
  'no JSON object',
);
const names = v.array(v.string());
const share = v.pipe(v.number(), v.minValue(0), v.maxValue(1));
const ms = v.pipe(v.number(), v.finite(), v.minValue(0));
const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));

const faults = v.strictObject({
  offline: v.optional(v.boolean()),
  latencyMs: v.optional(ms),
  errorRate: v.optional(share),
  errorType: v.optional(v.picklist(['unavailable', 'throttled', 'unauthorized', 'rejected', 'forbidden', 'malformed'])),
  cutReplies: v.optional(share),
  clockSkewMs: v.optional(v.pipe(v.number(), v.finite())),
});

const resolution = v.variant('type', [
  v.object({ type: v.literal('acceptServer') }),
  v.object({ type: v.literal('acceptClient') }),
  v.object({
    type: v.literal('acceptMerged'),
    data: jsonObject,
    mergeInfo: v.optional(v.object({ localFields: names, serverFields: names })),
  }),
  v.object({ type: v.literal('defer') }),
  v.object({ type: v.literal('discard') }),
]);

const command = v.variant('type', [
  v.object({ type: v.literal('sync'), kinds: v.optional(names) }),
  v.object({ type: v.literal('fullResync'), kinds: v.optional(names) }),
  v.object({ type: v.literal('pause') }),
  v.object({ type: v.literal('resume') }),
  v.object({ type: v.literal('signedIn') }),
  v.object({ type: v.literal('adoptScope') }),
  v.object({ type: v.literal('clearScope') }),
  v.object({ type: v.literal('retry'), opIds: v.optional(names) }),
  v.object({ type: v.literal('drop'), opIds: names }),
  v.object({ type: v.literal('amend'), opId: v.string(), patch: jsonObject }),
  v.object({ type: v.literal('undoDiscard'), opId: v.string() }),
  v.object({ type: v.literal('resolveConflict'), opId: v.string(), resolution }),
  v.object({ type: v.literal('setFaults'), faults }),
  v.object({ type: v.literal('record'), on: v.boolean() }),
  v.object({ type: v.literal('clearLog') }),
]);

const panelId = v.pipe(v.string(), v.minLength(1));
const page = { offset: v.optional(count), limit: v.optional(count), text: v.optional(v.string()) };
const nothing = v.object({});
const query = <const Name extends string, Input extends v.GenericSchema>(name: Name, input: Input) =>
  v.object({ type: v.literal('query'), id: count, query: v.literal(name), input });

const queueStates = ['behind', 'ready', 'waiting', 'parked', 'inFlight'] as const;
const panelMessage = v.union([
  v.object({
    type: v.literal('hello'),
    protocol: v.number(),
    panelId,
    since: v.optional(count),
    quiet: v.optional(v.boolean()),
  }),
  v.object({ type: v.literal('follow'), panelId, since: count }),
  v.object({ type: v.literal('unfollow'), panelId }),
  v.object({ type: v.literal('command'), id: count, command }),
  query(
    'operations',
    v.object({ ...page, kinds: v.optional(names), states: v.optional(v.array(v.picklist(queueStates))) }),
  ),
  query('operation', v.object({ opId: v.string() })),
  query('discarded', nothing),
  query('conflicts', nothing),
  query('kinds', nothing),
  query('rows', v.object({ ...page, kind: v.string(), only: v.optional(v.picklist(['pending', 'quarantined'])) })),
  query('row', v.object({ kind: v.string(), id: v.string() })),
  query('bundle', nothing),
  v.object({ type: v.literal('goodbye'), panelId }),
]);

// ── From the engine ─────────────────────────────────────────────────────────────────────────────────────────────────

const stateValue: v.GenericSchema<unknown> = v.lazy(() => v.union([v.string(), v.record(v.string(), stateValue)]));
const stamp = { id: count, at: v.number() };
const entry = v.variant('type', [
  v.looseObject({
    type: v.literal('transition'),
    ...stamp,
    cause: v.string(),
    value: stateValue,
    actions: names,
    sources: names,
  }),
  v.looseObject({ type: v.literal('event'), ...stamp, name: v.string(), data: jsonObject }),
  v.looseObject({
    type: v.literal('request'),
    ...stamp,
    method: v.picklist(['pull', 'push', 'forcePush', 'fetch', 'health']),
    startedAt: v.number(),
    tookMs: v.number(),
    result: v.picklist(['ok', 'failed', 'aborted']),
  }),
  v.looseObject({ type: v.literal('command'), ...stamp, command: v.string(), input: jsonObject, ok: v.boolean() }),
]);
const view = v.looseObject({
  at: v.number(),
  status: v.looseObject({
    phase: v.string(),
    pending: v.number(),
    stuck: v.number(),
    conflicts: v.number(),
    online: v.boolean(),
    paused: v.boolean(),
  }),
  value: stateValue,
  active: names,
  tags: names,
  context: jsonObject,
  session: v.picklist(['signedIn', 'authRequired', 'closed']),
  lease: v.picklist(['held', 'waiting', 'free']),
  scopeChanged: v.boolean(),
  faults,
  throughput: v.array(v.number()),
  diagnosis: v.optional(
    v.array(
      v.looseObject({
        code: v.string(),
        level: v.picklist(['error', 'warning', 'waiting', 'notice', 'ok']),
        text: v.string(),
        remedies: names,
        codes: v.optional(names),
      }),
    ),
  ),
  recording: v.boolean(),
});
const chart = v.object({
  root: v.string(),
  states: v.array(v.looseObject({ id: v.string(), name: v.string(), type: v.string() })),
  transitions: v.array(v.looseObject({ id: v.string(), source: v.string(), target: v.string(), event: v.string() })),
});
const description = v.looseObject({
  engineId: v.string(),
  name: v.string(),
  startedAt: v.number(),
  config: jsonObject,
  kinds: v.array(v.looseObject({ kind: v.string(), idKey: v.string(), strategy: v.picklist(conflictStrategies) })),
  capabilities: jsonObject,
  chart,
});
const engineMessage = v.variant('type', [
  v.object({
    type: v.literal('welcome'),
    protocol: v.number(),
    panelId,
    engine: description,
    view,
    entries: v.array(entry),
  }),
  v.object({ type: v.literal('refused'), protocol: v.number(), panelId, reason: v.string() }),
  v.object({ type: v.literal('entries'), entries: v.array(entry) }),
  v.object({ type: v.literal('view'), view }),
  v.variant('ok', [
    v.object({ type: v.literal('answer'), id: count, ok: v.literal(true), value: json }),
    v.object({ type: v.literal('answer'), id: count, ok: v.literal(false), error: v.string() }),
  ]),
  v.object({ type: v.literal('gone') }),
]);

/** The schemas of what a bundle holds, for opening one. */
export const bundleSchema = v.object({
  format: v.literal('synchart-bundle'),
  version: v.literal(1),
  at: v.number(),
  engine: description,
  view,
  entries: v.array(entry),
  operations: v.looseObject({ items: v.array(jsonObject), total: v.number() }),
  conflicts: v.array(jsonObject),
  kinds: v.array(jsonObject),
  discarded: v.array(jsonObject),
  rows: v.optional(
    v.array(
      v.looseObject({
        kind: v.string(),
        items: v.array(v.looseObject({ id: v.string(), pending: v.number() })),
        total: v.number(),
      }),
    ),
  ),
});

/** Checks a message that arrived at an engine. Never throws. */
export const parsePanelMessage = (raw: unknown): Parsed<PanelMessage> => parse<PanelMessage>(panelMessage, raw);

/** Checks a message that arrived at a panel. Never throws. */
export const parseEngineMessage = (raw: unknown): Parsed<EngineMessage> => parse<EngineMessage>(engineMessage, raw);

function parse<Message>(schema: v.GenericSchema, raw: unknown): Parsed<Message> {
  const result = v.safeParse(schema, raw);
  if (result.success) return { ok: true, message: result.output as Message };
  const id = v.safeParse(v.looseObject({ id: count }), raw);
  return { ok: false, id: id.success ? id.output.id : undefined, complaint: complaintOf(result.issues) };
}

/** The deepest issue names the field; a union alone says only that nothing fits. */
function complaintOf(issues: readonly v.BaseIssue<unknown>[]): string {
  const deepest = issues
    .flatMap((issue) => [issue, ...(issue.issues ?? [])])
    .reduce((best, issue) => ((issue.path?.length ?? 0) > (best.path?.length ?? 0) ? issue : best));
  const path = (deepest.path ?? []).map((item) => String(item.key)).join('.');
  return `not a message of the devtools protocol: ${path === '' ? '' : `${path}: `}${deepest.message}`;
}
