import { memo, useCallback, useEffect, useMemo, useState, type ReactNode } from 'react';
import type { LogEntry, LogEntryType } from '../../protocol/log-entry.ts';
import { describeEntry, entryTypeNames } from '../../views/entries/describe-entry.ts';
import { describeCount } from '../../views/words/describe-count.ts';
import { describeTime } from '../../views/words/describe-time.ts';
import { placeOf } from '../../views/entries/growing-log.ts';
import { describeRun } from '../../views/entries/run-spans.ts';
import { createTimelineReader, type TimelineFilter } from '../../views/entries/timeline-model.ts';
import { EntryDetail } from './entry-detail.tsx';
import { KindField } from '../context/kind-field.tsx';
import { LogControls } from './log-controls.tsx';
import { useCommand, usePanelState } from '../context/panel-context.tsx';
import type { PanelViewProps } from '../context/panel-view.ts';
import { Badge } from '../parts/badge.tsx';
import { NothingFits } from '../parts/nothing-fits.tsx';
import { Problem } from '../parts/problem.tsx';
import { SearchField } from '../parts/search-field.tsx';
import { SelectField } from '../parts/select-field.tsx';
import { Split } from '../parts/split.tsx';
import { VirtualList } from '../parts/virtual-list.tsx';
import { RunStrip } from './run-strip.tsx';
import { useFilter } from '../context/use-filter.ts';

const types: readonly (readonly [LogEntryType | '', string])[] = [
  ['', 'Everything'],
  ['transition', 'Chart'],
  ['event', 'Events'],
  ['request', 'Requests'],
  ['command', 'Panel'],
];
/** Most runs that can be picked by name. */
const mostChoices = 200;

/** Everything that happened, in order, below the runs that it happened in. */
export function TimelineView({ onOpen, focus }: PanelViewProps): ReactNode {
  const { entries, revision } = usePanelState();
  const { filter, isFiltered, narrow } = useFilter<TimelineFilter>({});
  const [heldAt, setHeldAt] = useState<number>();
  // Once the log lost what was held, there is nothing to hold.
  const frozenAt = heldAt !== undefined && (entries[0]?.id ?? 0) <= Math.max(heldAt, 1) ? heldAt : undefined;
  const [selected, setSelected] = useState(() => (focus === undefined ? undefined : Number(focus)));
  const [reveal, setReveal] = useState(() => (selected === undefined ? undefined : placeOf(entries, selected)));
  const log = useCommand();
  const [read] = useState(() => createTimelineReader());
  const [turn, setTurn] = useState(0);
  // The log grows in place; its revision tells that it did.
  const { shown, runs, total, lastId, hasMore } = useMemo(
    () => read(entries, filter, frozenAt),
    [read, entries, revision, filter, frozenAt, turn],
  );
  useEffect(() => {
    if (!hasMore) return undefined;
    const waiting = requestAnimationFrame(() => setTurn((before) => before + 1));
    return () => cancelAnimationFrame(waiting);
  }, [hasMore, turn]);
  const newest = entries.at(-1)?.id ?? 0;
  const found = selected === undefined ? undefined : entries[placeOf(entries, selected)];
  // It may have gone from the log since.
  const chosen = found?.id === selected ? found : undefined;
  const jump = useCallback(
    (entryId: number): void => {
      setSelected(entryId);
      setReveal(placeOf(shown, entryId));
    },
    [shown],
  );

  return (
    <>
      <div className="sc-toolbar">
        <SelectField
          label="Type"
          value={filter.type ?? ''}
          options={types}
          onChange={(type) => narrow({ type: type || undefined })}
        />
        <KindField value={filter.kind ?? ''} onChange={(kind) => narrow({ kind: kind || undefined })} />
        <SelectField
          label="Run"
          value={filter.runId === undefined ? '' : String(filter.runId)}
          options={[
            ['', 'All runs'],
            ...runs
              .slice(-mostChoices)
              .map((run) => [String(run.runId), describeRun(run)] as const)
              .reverse(),
          ]}
          onChange={(runId) => narrow({ runId: runId === '' ? undefined : Number(runId) })}
        />
        <SearchField
          label="Entity id"
          value={filter.entity ?? ''}
          onChange={(entity) => narrow({ entity: entity || undefined })}
        />
        <SearchField
          label="Find a word or id"
          value={filter.text ?? ''}
          onChange={(text) => narrow({ text: text || undefined })}
        />
        <span className="quiet number" role="status">
          {isFiltered
            ? `${shown.length.toLocaleString('en')} of ${total.toLocaleString('en')}`
            : describeCount(total, 'entry', 'entries')}
        </span>
        <span className="grow" />
        <span className="sc-log-tools">
          <button
            type="button"
            className="sc-button"
            aria-pressed={frozenAt !== undefined}
            onClick={() => setHeldAt(frozenAt === undefined ? lastId : undefined)}
          >
            {frozenAt === undefined
              ? 'Hold the list'
              : `Held, ${Math.max(0, newest - frozenAt).toLocaleString('en')} new`}
          </button>
          <LogControls commanding={log} onCleared={() => setReveal(undefined)} />
        </span>
      </div>
      <Problem text={log.error} />
      <RunStrip
        runs={runs}
        selectedRun={chosen !== undefined && 'runId' in chosen ? chosen.runId : undefined}
        onJump={jump}
      />
      <Split
        detail={
          chosen !== undefined && (
            <EntryDetail
              entry={chosen}
              onClose={() => setSelected(undefined)}
              onOperation={(opId) => onOpen('outbox', opId)}
              onRun={(runId) => narrow({ runId })}
              onEntity={(kind, entity) => narrow({ kind, entity })}
            />
          )
        }
      >
        {shown.length === 0 && !hasMore ? (
          <NothingFits isFiltered={isFiltered} what="entry" title="Nothing has happened yet">
            Each step of the engine appears here as it happens.
          </NothingFits>
        ) : (
          <VirtualList
            label="Log, oldest first"
            count={shown.length}
            rowHeight={28}
            followEnd={frozenAt === undefined && reveal === undefined}
            reveal={reveal}
            row={(index) => (
              <EntryRow entry={shown[index]} isSelected={shown[index]?.id === selected} onSelect={setSelected} />
            )}
          />
        )}
      </Split>
    </>
  );
}

interface EntryRowProps {
  readonly entry: LogEntry | undefined;
  readonly isSelected: boolean;
  readonly onSelect: (id: number) => void;
}

/** An entry never changes: drawn once for as long as it is in sight. */
const EntryRow = memo(({ entry, isSelected, onSelect }: EntryRowProps): ReactNode => {
  if (entry === undefined) return <div className="sc-row" />;
  const { tone, title, detail } = describeEntry(entry);
  return (
    <button type="button" className="sc-row sc-entry" aria-current={isSelected} onClick={() => onSelect(entry.id)}>
      <time className="quiet mono" dateTime={new Date(entry.at).toISOString()}>
        {describeTime(entry.at)}
      </time>
      <span className="sc-entry-run quiet number">
        {'runId' in entry && entry.runId !== undefined ? `#${entry.runId}` : ''}
      </span>
      <span className="sc-entry-type">
        <Badge tone={tone}>{entryTypeNames[entry.type]}</Badge>
      </span>
      <span className="sc-entry-title mono clip">{title}</span>
      <span className="sc-entry-text clip quiet">{detail}</span>
    </button>
  );
});
