import { useState, type ReactNode } from 'react';
import { describeDuration } from '../../views/words/describe-time.ts';
import { describeDiscarded, discardedViews, type DiscardedView } from '../../views/discarded-model.ts';
import { useCommand, useEngineNow, usePanelState, useQuery } from '../context/panel-context.tsx';
import { DetailPane } from '../parts/detail-pane.tsx';
import { EmptyState } from '../parts/empty-state.tsx';
import { JsonText } from '../parts/json-text.tsx';
import { Problem } from '../parts/problem.tsx';
import { Split } from '../parts/split.tsx';
import { VirtualList } from '../parts/virtual-list.tsx';
import { Unreadable } from '../context/unreadable.tsx';

/** Changes that were given up, newest first, and the way back. */
export function DiscardedList(): ReactNode {
  const { answer, error, again } = useQuery('discarded', {});
  const [selected, setSelected] = useState<string>();
  const [isBack, setBack] = useState(false);
  const now = useEngineNow();
  const found = discardedViews(answer ?? []);
  const shown = found.find(({ opId }) => opId === selected);
  const undone = (): void => {
    setBack(true);
    setSelected(undefined);
    again();
  };
  if (error !== undefined && answer === undefined)
    return <Unreadable what="What was given up" error={error} onAgain={again} />;
  return (
    <>
      <Problem text={error} />
      {isBack && (
        <p className="sc-note" data-tone="ok" role="status">
          The change was made again on today's row, and waits in the outbox.
        </p>
      )}
      <Split
        detail={
          shown !== undefined && (
            <DiscardedDetail key={shown.opId} given={shown} onClose={() => setSelected(undefined)} onUndone={undone} />
          )
        }
      >
        {answer !== undefined && found.length === 0 ? (
          <EmptyState title="Nothing was given up">
            <p>What is dropped, or loses a conflict, is kept here for a while.</p>
          </EmptyState>
        ) : (
          <VirtualList
            label="Given up, newest first"
            count={found.length}
            rowHeight={28}
            row={(index) => (
              <DiscardedRow
                given={found[index]}
                now={now}
                isSelected={found[index]?.opId === selected}
                onSelect={setSelected}
              />
            )}
          />
        )}
      </Split>
    </>
  );
}

interface DiscardedRowProps {
  readonly given: DiscardedView | undefined;
  readonly now: number;
  readonly isSelected: boolean;
  readonly onSelect: (opId: string) => void;
}

function DiscardedRow({ given, now, isSelected, onSelect }: DiscardedRowProps): ReactNode {
  if (given === undefined) return <div className="sc-row" />;
  const { opId, kind, entityId, why, at } = given;
  return (
    <button type="button" className="sc-row" aria-current={isSelected} onClick={() => onSelect(opId)}>
      <span className="sc-what clip">
        <span className="mono">
          {kind}/{entityId}
        </span>{' '}
        <span className="quiet">{describeDiscarded(given)}</span>
      </span>
      <span className="sc-why clip quiet">{why}</span>
      <span className="sc-age quiet number">{describeDuration(now - at)}</span>
    </button>
  );
}

interface DiscardedDetailProps {
  readonly given: DiscardedView;
  readonly onClose: () => void;
  readonly onUndone: () => void;
}

function DiscardedDetail({ given, onClose, onUndone }: DiscardedDetailProps): ReactNode {
  const { connection } = usePanelState();
  const { run, isRunning, error } = useCommand();
  const { opId, kind, entityId, type, data, why } = given;
  const undo = async (): Promise<void> => {
    if (await run({ type: 'undoDiscard', opId })) onUndone();
  };
  return (
    <DetailPane label="Given up" title={`${kind}/${entityId}`} onClose={onClose}>
      <section className="sc-section">
        <p className="sc-note" data-tone="wait">
          Given up: {why}.
        </p>
        {connection === 'connected' && (
          <div className="sc-actions">
            <button type="button" className="sc-button primary" disabled={isRunning} onClick={() => void undo()}>
              Bring it back
            </button>
          </div>
        )}
        <Problem text={error} />
        <dl className="sc-facts">
          <dt>Would</dt>
          <dd>{describeDiscarded(given)}</dd>
          <dt>Operation</dt>
          <dd className="mono">{opId}</dd>
        </dl>
      </section>
      {type === 'upsert' && (
        <section className="sc-section">
          <h3>What it held</h3>
          <JsonText label="What it held" value={data} />
        </section>
      )}
    </DetailPane>
  );
}
