import { useState, type ReactNode } from 'react';
import type { ConflictView } from '../../protocol/messages.ts';
import { describeDuration } from '../../views/words/describe-time.ts';
import { briefConflict } from '../../views/conflict-model.ts';
import { ConflictDecision } from './conflict-decision.tsx';
import { useEngineNow, useQuery } from '../context/panel-context.tsx';
import { Badge } from '../parts/badge.tsx';
import { EmptyState } from '../parts/empty-state.tsx';
import { Problem } from '../parts/problem.tsx';
import { Unreadable } from '../context/unreadable.tsx';

/**
 * Conflicts that wait for a person: both sides field by field, what each strategy would make of them, and the decision.
 */
export function ConflictsView(): ReactNode {
  const { answer: conflicts, error, again } = useQuery('conflicts', {});
  const [chosen, setChosen] = useState<string>();
  const now = useEngineNow();
  if (conflicts === undefined)
    return error !== undefined ? (
      <Unreadable what="The conflicts" error={error} onAgain={again} />
    ) : (
      <EmptyState title="Looking…" />
    );
  if (conflicts.length === 0)
    return (
      <EmptyState title="No conflict waits">
        <p>When this device and the server changed the same record and no rule decides, it appears here.</p>
      </EmptyState>
    );
  // After a decision the next one comes up by itself.
  const shown = conflicts.find(({ conflict }) => conflict.opId === chosen) ?? conflicts[0];
  return (
    <>
      <Problem text={error} />
      <div className="sc-conflicts">
        <ul className="sc-scroll sc-conflict-list" aria-label="Conflicts, oldest first" tabIndex={0}>
          {conflicts.map((view) => (
            <li key={view.conflict.opId}>
              <ConflictRow view={view} now={now} isShown={view === shown} onChoose={setChosen} />
            </li>
          ))}
        </ul>
        {shown !== undefined && (
          <ConflictDecision
            key={`${shown.conflict.opId} ${shown.conflict.serverTimestamp}`}
            view={shown}
            onDecided={again}
          />
        )}
      </div>
    </>
  );
}

interface ConflictRowProps {
  readonly view: ConflictView;
  readonly now: number;
  readonly isShown: boolean;
  readonly onChoose: (opId: string) => void;
}

const ConflictRow = ({ view, now, isShown, onChoose }: ConflictRowProps): ReactNode => (
  <button
    type="button"
    className="sc-row sc-conflict-row"
    aria-current={isShown}
    onClick={() => onChoose(view.conflict.opId)}
  >
    <span className="mono clip">
      {view.conflict.kind}/{view.conflict.entityId}
    </span>
    <span className="quiet clip">{briefConflict(view)}</span>
    <span className="sc-actions">
      <Badge tone="conflict">{view.strategy}</Badge>
      {view.state === 'decided' && <Badge tone="info">decided</Badge>}
      <span className="quiet number">{describeDuration(now - view.detectedAt)}</span>
    </span>
  </button>
);
