import type { ReactNode } from 'react';
import { ConflictDialog, RejectedList, StorageNotice } from 'synchart/react/ui';
import { useToast } from '../parts/toasts.tsx';

const labels: Readonly<Record<string, string>> = { dueOn: 'Due', listId: 'List', done: 'Done', sessions: 'Sessions' };
const labelOf = (field: string): string => labels[field] ?? field.charAt(0).toUpperCase() + field.slice(1);

/** What needs somebody: the storage, refused edits, conflicts. Toasts offer the way back. */
export function Attention(props: {
  readonly isDeciding: boolean;
  readonly onDeciding: (isDeciding: boolean) => void;
}): ReactNode {
  const tell = useToast();
  return (
    <div className="attention">
      <StorageNotice />
      <RejectedList
        labelOf={labelOf}
        onHandled={({ outcome, undo }) => tell(outcome === 'sent' ? 'Sent again' : 'Your change was given up', undo)}
      />
      <ConflictDialog
        open={props.isDeciding}
        onOpenChange={props.onDeciding}
        labelOf={labelOf}
        onDecided={({ choice, undo }) => tell(decided[choice], undo)}
      />
    </div>
  );
}

const decided = {
  mine: 'Kept your version',
  theirs: 'Kept the version of the server',
  merged: 'Kept what you chose',
} as const;
