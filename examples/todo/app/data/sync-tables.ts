import { acceptMerged, defer, syncTable, threeWayMerge, type Conflict, type ConflictResolution } from 'synchart';
import { List, Tag, Todo, TodoTag } from '../../tables.ts';

const same = (a: unknown, b: unknown): boolean => JSON.stringify(a ?? null) === JSON.stringify(b ?? null);

/** Fields that both sides changed, in different ways. */
function contestedFields({ localData, serverData, baseData, changedFields }: Conflict): readonly string[] {
  const ours = changedFields ?? Object.keys(localData);
  return ours.filter(
    (field) =>
      field !== 'updatedAt' &&
      !same(localData[field], serverData[field]) &&
      !same(baseData?.[field], serverData[field]),
  );
}

/** Merges edits of different fields by itself, and leaves the rest to a person. */
function mergeOrAsk(conflict: Conflict): ConflictResolution {
  const { localData, serverData, baseData, changedFields, opType, serverDeleted } = conflict;
  const isEdit = opType === 'upsert' && !serverDeleted && baseData !== undefined;
  if (!isEdit || contestedFields(conflict).length > 0) return defer();
  return acceptMerged(threeWayMerge(baseData, localData, serverData, { changedFields }).data);
}

export const lists = syncTable(List);
export const todos = syncTable(Todo, {
  dependsOn: { listId: 'lists' },
  sendChangedFields: true,
  conflict: { strategy: 'manual', resolver: mergeOrAsk },
});
export const tags = syncTable(Tag);
export const todoTags = syncTable(TodoTag, { dependsOn: { todoId: 'todos', tagId: 'tags' } });
