import type { Bundle } from '../../devtools/protocol/bundle.ts';
import type { OperationView } from '../../devtools/protocol/messages.ts';

/**
 * Differences between the waiting operations of the replay and of the file, as sentences. Empty: the same operations
 * wait for the same reasons.
 */
export function compareAtSave({ operations }: Bundle, now: readonly OperationView[]): readonly string[] {
  const ours = new Map(now.map((operation) => [operation.opId, operation]));
  const theirs = new Map(operations.items.map((operation) => [operation.opId, operation]));
  const missing = [...theirs.values()].flatMap((operation) => {
    const other = ours.get(operation.opId);
    if (other === undefined)
      return [`${nameOf(operation)} has left the queue in the re-run; in the file it waits: ${operation.reason}.`];
    return other.reason === operation.reason
      ? []
      : [`${nameOf(operation)} waits for another reason: ${other.reason}, in the file ${operation.reason}.`];
  });
  const extra = [...ours.values()]
    .filter(({ opId }) => !theirs.has(opId))
    .map(
      (operation) =>
        `${nameOf(operation)} still waits in the re-run (${operation.reason}); in the file it has left the queue.`,
    );
  return [...missing, ...extra];
}

const nameOf = ({ kind, entityId, opId, type }: OperationView): string =>
  `${type} ${kind}/${entityId} (${opId.slice(-8)})`;
