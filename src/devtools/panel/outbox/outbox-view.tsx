import { useState, type ReactNode } from 'react';
import { describeCount } from '../../views/words/describe-count.ts';
import { describeDuration } from '../../views/words/describe-time.ts';
import { describeOperation, outboxFilters, whyQueued } from '../../views/outbox-model.ts';
import { reasonNames, reasonTones } from '../../views/words/phase-tone.ts';
import type { OperationView } from '../../protocol/messages.ts';
import { DiscardedList } from './discarded-list.tsx';
import { KindField } from '../context/kind-field.tsx';
import { OperationDetail } from './operation-detail.tsx';
import { useCommand, useEngineNow, usePanelState, useQuery } from '../context/panel-context.tsx';
import type { PanelViewProps } from '../context/panel-view.ts';
import { Badge } from '../parts/badge.tsx';
import { NothingFits } from '../parts/nothing-fits.tsx';
import { Problem } from '../parts/problem.tsx';
import { SearchField } from '../parts/search-field.tsx';
import { SelectField } from '../parts/select-field.tsx';
import { Split } from '../parts/split.tsx';
import { VirtualList } from '../parts/virtual-list.tsx';
import { Unreadable } from '../context/unreadable.tsx';

const pageSize = 50;
/** A state of its own in the choice: what is no longer queued. */
const givenUp = 'givenUp';

/** What waits to be sent, why, and what can be done about it. */
export function OutboxView({ onOpen, focus }: PanelViewProps): ReactNode {
  const { view, connection } = usePanelState();
  const [filter, setFilter] = useState('all');
  const [kind, setKind] = useState('');
  const [text, setText] = useState('');
  const [offset, setOffset] = useState(0);
  const [selected, setSelected] = useState(focus);
  const retryAll = useCommand();
  const now = useEngineNow();
  const states = outboxFilters.find(([name]) => name === filter)?.[2];
  const { answer, error, again } = useQuery('operations', {
    offset,
    limit: pageSize * 3,
    ...(states === undefined ? {} : { states }),
    ...(kind === '' ? {} : { kinds: [kind] }),
    ...(text === '' ? {} : { text }),
  });
  const narrow =
    <Value,>(set: (value: Value) => void) =>
    (value: Value) => {
      set(value);
      setOffset(0);
    };
  /** Fetches the part that is in sight, in whole pages, so that scrolling a little asks for nothing. */
  const onRange = (first: number): void => {
    const wanted = Math.max(0, Math.floor(first / pageSize) - 1) * pageSize;
    if (wanted !== offset) setOffset(wanted);
  };
  const at = (index: number): OperationView | undefined => answer?.items[index - answer.offset];
  const stuck = view?.status.stuck ?? 0;
  const isFiltered = filter !== 'all' || kind !== '' || text !== '';

  return (
    <>
      <div className="sc-toolbar">
        <SelectField
          label="State"
          value={filter}
          options={[...outboxFilters.map(([name, label]) => [name, label] as const), [givenUp, 'Given up'] as const]}
          onChange={narrow(setFilter)}
        />
        <KindField value={kind} onChange={narrow(setKind)} />
        <SearchField label="Find by id" value={text} onChange={narrow(setText)} />
        <span className="quiet number" role="status">
          {answer === undefined || filter === givenUp ? '' : describeCount(answer.total, 'operation')}
        </span>
        <span className="grow" />
        {stuck > 0 && connection === 'connected' && (
          <button
            type="button"
            className="sc-button"
            disabled={retryAll.isRunning}
            onClick={() => void retryAll.run({ type: 'retry' }).then(again)}
          >
            Retry all stuck
          </button>
        )}
      </div>
      <Problem text={retryAll.error ?? (answer === undefined || filter === givenUp ? undefined : error)} />
      {filter === givenUp ? (
        <DiscardedList />
      ) : error !== undefined && answer === undefined ? (
        <Unreadable what="The outbox" error={error} onAgain={again} />
      ) : (
        <Split
          detail={
            selected !== undefined && (
              <OperationDetail
                key={selected}
                opId={selected}
                onClose={() => setSelected(undefined)}
                onChanged={again}
                onDecide={() => onOpen('conflicts')}
                onSelect={setSelected}
              />
            )
          }
        >
          {answer?.total === 0 ? (
            <NothingFits isFiltered={isFiltered} what="operation" title="Everything is sent">
              Local writes appear here until the server has them.
            </NothingFits>
          ) : (
            <VirtualList
              label="Queued operations, oldest first"
              count={answer?.total ?? 0}
              rowHeight={28}
              onRange={onRange}
              row={(index) => (
                <OperationRow
                  operation={at(index)}
                  now={now}
                  isSelected={at(index)?.opId === selected}
                  onSelect={setSelected}
                />
              )}
            />
          )}
        </Split>
      )}
    </>
  );
}

interface OperationRowProps {
  readonly operation: OperationView | undefined;
  readonly now: number;
  readonly isSelected: boolean;
  readonly onSelect: (opId: string) => void;
}

function OperationRow({ operation, now, isSelected, onSelect }: OperationRowProps): ReactNode {
  // Its page is on the way: the place is kept, so that nothing jumps.
  if (operation === undefined) return <div className="sc-row quiet">…</div>;
  const { opId, kind, entityId, reason, tryCount, enqueuedAt, retryAt } = operation;
  return (
    <button type="button" className="sc-row" aria-current={isSelected} onClick={() => onSelect(opId)}>
      <span className="sc-reason">
        <Badge tone={reasonTones[reason]}>
          {reasonNames[reason]}
          {retryAt !== undefined && retryAt > now ? ` ${describeDuration(retryAt - now)}` : ''}
        </Badge>
      </span>
      <span className="sc-what clip">
        <span className="mono">
          {kind}/{entityId}
        </span>{' '}
        <span className="quiet">{describeOperation(operation)}</span>
      </span>
      <span className="sc-why clip quiet" title={whyQueued(operation)}>
        {whyQueued(operation)}
      </span>
      <span className="sc-tries quiet number" title="Counted tries">
        {tryCount > 0 ? `${tryCount}×` : ''}
      </span>
      <span className="sc-age quiet number">{describeDuration(now - enqueuedAt)}</span>
    </button>
  );
}
