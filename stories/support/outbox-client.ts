import type { OperationView } from '../../src/devtools/protocol/messages.ts';
import type { Json } from '../../src/model/values/json.ts';
import { createScriptedClient, type ScriptedClient, type ScriptedOptions } from './scripted-client.ts';

/** A live engine with these operations queued; it finds them as the database does. */
export function createOutboxClient(
  bundle: Json,
  operations: readonly OperationView[],
  options: ScriptedOptions = {},
): ScriptedClient {
  const scripted = createScriptedClient(bundle, {
    ...options,
    answers: {
      operations: ({ offset = 0, limit = 100, kinds, states, text }) => {
        const found = operations.filter(
          ({ kind, state, opId, entityId }) =>
            (kinds?.includes(kind) ?? true) &&
            (states?.includes(state) ?? true) &&
            (text === undefined || opId.includes(text) || entityId.includes(text)),
        );
        return { items: found.slice(offset, offset + limit), total: found.length, offset };
      },
      operation: ({ opId }) => operations.find((operation) => operation.opId === opId) ?? null,
      ...options.answers,
    },
  });
  const { view } = scripted.client.getState();
  const count = (wanted: OperationView['parkedFor']): number =>
    operations.filter(({ parkedFor }) => parkedFor === wanted).length;
  const stuck = count('stuck') + count('ambiguous');
  if (view !== undefined)
    scripted.show({
      status: { ...view.status, pending: operations.length - stuck, stuck, conflicts: count('conflict') },
    });
  return scripted;
}

/** So many operations, by the captured ones, a second apart. */
export const manyOperations = (
  captured: readonly OperationView[],
  count: number,
  firstAt: number,
): readonly OperationView[] =>
  Array.from({ length: count }, (_, index): OperationView => {
    const like = captured[index % captured.length];
    if (like === undefined) throw new TypeError('no operation was captured');
    const number = String(index).padStart(6, '0');
    return { ...like, opId: `operation-${number}`, entityId: `todo-${number}`, enqueuedAt: firstAt + index * 1_000 };
  });
