import type { Json, JsonObject } from '../../model/values/json.ts';
import type { InspectedRow } from '../../model/inspection.ts';
import type { Bundle } from '../protocol/bundle.ts';
import type { DevtoolsQueries, DevtoolsQueryType, OperationView } from '../protocol/messages.ts';
import { parseBundle } from '../protocol/parse-bundle.ts';
import type { DevtoolsClient, PanelState } from './devtools-client.ts';

const readOnly = 'this is a saved file: there is no engine to do it';

/** Opens a saved bundle read-only. Throws `TypeError` naming what is not as a bundle has it. */
export function createBundleClient(file: Json): DevtoolsClient {
  const bundle = parseBundle(file);
  const { engine, view, entries } = bundle;
  const state: PanelState = { connection: 'bundle', engine, view, entries, revision: 1 };
  return {
    getState: () => state,
    subscribe: () => () => undefined,
    command: () => Promise.reject(new Error(readOnly)),
    query: (type, input) =>
      Promise.resolve(answerFrom(bundle, type, input as JsonObject) as DevtoolsQueries[typeof type]['answer']),
    follow: () => () => undefined,
    dispose: () => undefined,
  };
}

function answerFrom(bundle: Bundle, type: DevtoolsQueryType, input: JsonObject): unknown {
  switch (type) {
    case 'operations':
      return operationsFrom(bundle, input);
    case 'operation':
      return bundle.operations.items.find(({ opId }) => opId === input['opId']) ?? null;
    case 'rows':
      return rowsFrom(bundle, { ...input, kind: String(input['kind']) });
    case 'row':
      return (
        rowsOf(bundle, input['kind']).find(({ id }) => id === input['id']) ??
        ({ id: String(input['id']), pending: 0, conflict: false } satisfies InspectedRow)
      );
    case 'bundle':
      return bundle;
    case 'conflicts':
    case 'kinds':
    case 'discarded':
      return bundle[type];
  }
}

function operationsFrom(
  { operations }: Bundle,
  { kinds, states, text, offset = 0, limit = 100 }: DevtoolsQueries['operations']['ask'],
): DevtoolsQueries['operations']['answer'] {
  const fits = (operation: OperationView): boolean =>
    (kinds?.includes(operation.kind) ?? true) &&
    (states?.includes(operation.state) ?? true) &&
    (text === undefined || operation.opId.includes(text) || operation.entityId.includes(text));
  const found = operations.items.filter(fits);
  return { items: found.slice(offset, offset + limit), total: found.length, offset };
}

const rowsOf = ({ rows = [] }: Bundle, kind: Json | undefined): readonly InspectedRow[] =>
  rows.find((saved) => saved.kind === kind)?.items ?? [];

function rowsFrom(
  bundle: Bundle,
  { kind, only, text, offset = 0, limit = 100 }: DevtoolsQueries['rows']['ask'],
): DevtoolsQueries['rows']['answer'] {
  const found = rowsOf(bundle, kind).filter(
    (row) =>
      (text === undefined || row.id.startsWith(text)) &&
      (only === undefined || (only === 'pending' ? row.pending > 0 : row.quarantined !== undefined)),
  );
  return { items: found.slice(offset, offset + limit), total: found.length, offset };
}
