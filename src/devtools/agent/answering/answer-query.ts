import type { EngineInternals } from '../../../engine/core/engine-internals.ts';
import { explainOperation } from '../../../engine/status/explain.ts';
import type { SyncEngine } from '../../../engine/api/sync-engine.ts';
import { DatabaseError } from '../../../model/errors/errors.ts';
import type { InspectedOperation, InspectionPort, Page } from '../../../model/inspection.ts';
import type { Json } from '../../../model/values/json.ts';
import type { ConflictView, DevtoolsQueries, DevtoolsQueryType, OperationView } from '../../protocol/messages.ts';
import { previewStrategies } from './preview-strategies.ts';

export interface QueryTarget {
  readonly engine: SyncEngine;
  readonly internals: EngineInternals;
  readonly redact: (value: unknown) => Json;
  /** Redacted already. */
  readonly bundle: () => Promise<Json>;
}

/** What a question of the panel is answered with, redacted. Reads only. */
export async function answerQuery<Type extends DevtoolsQueryType>(
  type: Type,
  input: DevtoolsQueries[Type]['ask'],
  target: QueryTarget,
): Promise<Json> {
  if (type === 'bundle') return target.bundle();
  const answer = await lookUp(type, input, target);
  // Item by item: a redacted list is cut short, and a page of rows or operations is what was asked for, whole.
  if (Array.isArray(answer)) return answer.map(target.redact);
  return isPage(answer)
    ? { total: answer.total, offset: answer.offset, items: answer.items.map(target.redact) }
    : target.redact(answer);
}

const isPage = (answer: unknown): answer is Page<unknown> =>
  typeof answer === 'object' && answer !== null && 'items' in answer && Array.isArray(answer.items);

async function lookUp(
  type: Exclude<DevtoolsQueryType, 'bundle'>,
  input: DevtoolsQueries[DevtoolsQueryType]['ask'],
  target: QueryTarget,
): Promise<unknown> {
  const { engine, internals } = target;
  const asked = input as Partial<
    DevtoolsQueries['operations']['ask'] &
      DevtoolsQueries['operation']['ask'] &
      DevtoolsQueries['rows']['ask'] &
      DevtoolsQueries['row']['ask']
  >;
  const inspection = inspectionOf(internals);
  switch (type) {
    case 'operations': {
      const page = await inspection.operations(asked);
      return { ...page, items: page.items.map((operation) => viewOf(operation, target)) };
    }
    case 'operation': {
      const operation = await inspection.operation(asked.opId ?? '');
      return operation === undefined ? null : viewOf(operation, target);
    }
    case 'discarded':
      return engine.discarded();
    case 'conflicts':
      return (await internals.ports.store.conflicts()).map(
        (stored): ConflictView => ({
          ...stored,
          previews: previewStrategies(stored, internals.ports.kinds.get(stored.conflict.kind), internals.ports.config),
        }),
      );
    case 'kinds':
      return inspection.kinds();
    case 'rows':
      return inspection.rows(asked.kind ?? '', asked);
    case 'row':
      return inspection.row(asked.kind ?? '', asked.id ?? '');
  }
}

function inspectionOf({ inspection }: EngineInternals): InspectionPort {
  if (inspection === undefined) throw new DatabaseError('this engine has no database that can be looked into');
  return inspection;
}

function viewOf(operation: InspectedOperation, { engine, internals }: QueryTarget): OperationView {
  const { reason, detail, retryAt, waitingFor } = explainOperation(
    operation,
    engine.actor.getSnapshot(),
    internals.ports.kinds.has(operation.kind),
  );
  return {
    ...operation,
    reason,
    detail,
    ...(retryAt === undefined ? {} : { retryAt }),
    ...(waitingFor === undefined ? {} : { waitingFor }),
  };
}
