import {
  acceptMerged,
  contestedFields,
  defer,
  syncTable,
  threeWayMerge,
  type Conflict,
  type ConflictResolution,
} from 'synchart';
import { List, Tag, Todo, TodoTag } from '../../tables.ts';

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
