import { useState, type ReactNode } from 'react';
import type { InspectedRow } from '../../../model/inspection.ts';
import { describeCount } from '../../views/words/describe-count.ts';
import { rowStates, rowSummary } from '../../views/replica-model.ts';
import { KindTable } from './kind-table.tsx';
import { usePanelState, useQuery } from '../context/panel-context.tsx';
import type { PanelViewProps } from '../context/panel-view.ts';
import { Badge } from '../parts/badge.tsx';
import { EmptyState } from '../parts/empty-state.tsx';
import { NothingFits } from '../parts/nothing-fits.tsx';
import { Problem } from '../parts/problem.tsx';
import { SearchField } from '../parts/search-field.tsx';
import { SelectField } from '../parts/select-field.tsx';
import { Split } from '../parts/split.tsx';
import { VirtualList } from '../parts/virtual-list.tsx';
import { RowDetail } from './row-detail.tsx';
import { Unreadable } from '../context/unreadable.tsx';

const pageSize = 100;
const narrowings: readonly (readonly ['' | 'pending' | 'quarantined', string])[] = [
  ['', 'All rows'],
  ['pending', 'With pending edits'],
  ['quarantined', 'Quarantined'],
];

/** The local copy: how far each kind is, and its rows from all sides. */
export function ReplicaView({ onOpen }: PanelViewProps): ReactNode {
  const { answer: kinds, error, again } = useQuery('kinds', {});
  const [chosen, setChosen] = useState<string>();
  if (kinds === undefined)
    return error !== undefined ? (
      <Unreadable what="The replica" error={error} onAgain={again} />
    ) : (
      <EmptyState title="Looking…" />
    );
  const shown = kinds.find(({ kind }) => kind === chosen) ?? kinds[0];
  if (shown === undefined)
    return (
      <EmptyState title="No kind is registered">
        <p>Tables that the engine keeps in step appear here.</p>
      </EmptyState>
    );
  return (
    <>
      <KindTable kinds={kinds} shown={shown.kind} onChoose={setChosen} onChanged={again} />
      <RowBrowser key={shown.kind} kind={shown.kind} onDecide={() => onOpen('conflicts')} />
    </>
  );
}

function RowBrowser({ kind, onDecide }: { readonly kind: string; readonly onDecide: () => void }): ReactNode {
  const { connection } = usePanelState();
  const [only, setOnly] = useState<'' | 'pending' | 'quarantined'>('');
  const [text, setText] = useState('');
  const [offset, setOffset] = useState(0);
  const [selected, setSelected] = useState<string>();
  const { answer, error } = useQuery('rows', {
    kind,
    offset,
    limit: pageSize * 3,
    ...(only === '' ? {} : { only }),
    ...(text === '' ? {} : { text }),
  });
  /** Fetches the part that is in sight, in whole pages, so that scrolling a little asks for nothing. */
  const onRange = (first: number): void => {
    const wanted = Math.max(0, Math.floor(first / pageSize) - 1) * pageSize;
    if (wanted !== offset) setOffset(wanted);
  };
  const at = (index: number): InspectedRow | undefined => answer?.items[index - answer.offset];
  const isFiltered = only !== '' || text !== '';

  return (
    <>
      <div className="sc-toolbar">
        <strong className="mono">{kind}</strong>
        <SelectField
          label="Rows"
          value={only}
          options={narrowings}
          onChange={(value) => {
            setOnly(value);
            setOffset(0);
          }}
        />
        <SearchField
          label="Id begins with"
          value={text}
          onChange={(value) => {
            setText(value);
            setOffset(0);
          }}
        />
        <span className="quiet number" role="status">
          {answer === undefined ? '' : describeCount(answer.total, connection === 'bundle' ? 'saved row' : 'row')}
        </span>
      </div>
      {connection === 'bundle' && (
        <p className="sc-note">
          Only rows with pending edits, conflicts or quarantine are in a saved file. The others stay on the device.
        </p>
      )}
      <Problem text={error} />
      <Split
        detail={
          selected !== undefined && (
            <RowDetail kind={kind} id={selected} onClose={() => setSelected(undefined)} onDecide={onDecide} />
          )
        }
      >
        {answer?.total === 0 ? (
          <NoRows isSaved={connection === 'bundle'} isFiltered={isFiltered} />
        ) : (
          <VirtualList
            label={`Rows of ${kind}, by id`}
            count={answer?.total ?? 0}
            rowHeight={28}
            onRange={onRange}
            row={(index) => <RowLine row={at(index)} isSelected={at(index)?.id === selected} onSelect={setSelected} />}
          />
        )}
      </Split>
    </>
  );
}

const NoRows = ({ isSaved, isFiltered }: { readonly isSaved: boolean; readonly isFiltered: boolean }): ReactNode => {
  if (isSaved && !isFiltered)
    return (
      <EmptyState title="No row was saved">
        <p>None had a pending edit, a conflict or a quarantine.</p>
      </EmptyState>
    );
  return (
    <NothingFits isFiltered={isFiltered} what="row" title="No row yet">
      Rows appear here with the first pull, or the first local write.
    </NothingFits>
  );
};

interface RowLineProps {
  readonly row: InspectedRow | undefined;
  readonly isSelected: boolean;
  readonly onSelect: (id: string) => void;
}

function RowLine({ row, isSelected, onSelect }: RowLineProps): ReactNode {
  // Its page is on the way: the place is kept, so that nothing jumps.
  if (row === undefined) return <div className="sc-row quiet">…</div>;
  return (
    <button type="button" className="sc-row sc-replica-row" aria-current={isSelected} onClick={() => onSelect(row.id)}>
      <span className="sc-row-id mono clip">{row.id}</span>
      <span className="sc-row-text quiet clip">{rowSummary(row)}</span>
      <span className="sc-actions">
        {rowStates(row).map(({ tone, text }) => (
          <Badge key={text} tone={tone}>
            {text}
          </Badge>
        ))}
      </span>
    </button>
  );
}
