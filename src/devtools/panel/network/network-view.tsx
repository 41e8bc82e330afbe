import { memo, useCallback, useMemo, useState, type ReactNode } from 'react';
import type { RequestEntry } from '../../protocol/log-entry.ts';
import { describeCount } from '../../views/words/describe-count.ts';
import { describeDuration, describeTime } from '../../views/words/describe-time.ts';
import {
  callBar,
  createNetworkReader,
  networkRows,
  type NetworkFilter,
  type NetworkRow,
} from '../../views/entries/network-model.ts';
import type { Tone } from '../../views/words/phase-tone.ts';
import { describeRequest, requestOutcome } from '../../views/entries/request-model.ts';
import { CallDetail } from './call-detail.tsx';
import { KindField } from '../context/kind-field.tsx';
import { usePanelState } from '../context/panel-context.tsx';
import type { PanelViewProps } from '../context/panel-view.ts';
import { Badge, Dot } from '../parts/badge.tsx';
import { NothingFits } from '../parts/nothing-fits.tsx';
import { SearchField } from '../parts/search-field.tsx';
import { SelectField } from '../parts/select-field.tsx';
import { Split } from '../parts/split.tsx';
import { VirtualList } from '../parts/virtual-list.tsx';
import { useFilter } from '../context/use-filter.ts';

const methods: readonly (readonly [RequestEntry['method'] | '', string])[] = [
  ['', 'All calls'],
  ['pull', 'Pull'],
  ['push', 'Push'],
  ['forcePush', 'Forced push'],
  ['fetch', 'Fetch'],
  ['health', 'Health'],
];
const ends: readonly (readonly [Tone | '', string])[] = [
  ['', 'However it ended'],
  ['ok', 'Went well'],
  ['wait', 'Will be tried again'],
  ['conflict', 'Conflict'],
  ['error', 'Failed'],
  ['idle', 'Aborted'],
];

/** The calls of the transport: what was asked, how it ended, and the tries of the same thing together. */
export function NetworkView({ onOpen }: PanelViewProps): ReactNode {
  const { entries, revision } = usePanelState();
  const { filter, isFiltered, narrow } = useFilter<NetworkFilter>({});
  const [opened, setOpened] = useState<ReadonlySet<number>>(new Set());
  const [selected, setSelected] = useState<RequestEntry>();
  const [read] = useState(createNetworkReader);
  // The log grows in place; its revision tells that it did.
  const rows = useMemo(() => networkRows(read(entries), filter, opened), [read, entries, revision, filter, opened]);
  const longestMs = useMemo(() => rows.reduce((longest, { call }) => Math.max(longest, call.tookMs), 0), [rows]);
  const calls = rows.reduce((sum, { group, attempt }) => sum + (attempt === undefined ? group.calls.length : 0), 0);
  const toggle = useCallback(
    (id: number): void =>
      setOpened((before) => {
        const after = new Set(before);
        if (!after.delete(id)) after.add(id);
        return after;
      }),
    [],
  );
  const group = selected === undefined ? undefined : rows.find((row) => row.group.calls.includes(selected))?.group;

  return (
    <>
      <div className="sc-toolbar">
        <SelectField
          label="Call"
          value={filter.method ?? ''}
          options={methods}
          onChange={(method) => narrow({ method: method || undefined })}
        />
        <KindField value={filter.kind ?? ''} onChange={(kind) => narrow({ kind: kind || undefined })} />
        <SelectField
          label="End"
          value={filter.tone ?? ''}
          options={ends}
          onChange={(tone) => narrow({ tone: tone || undefined })}
        />
        <SearchField
          label="Find a word or id"
          value={filter.text ?? ''}
          onChange={(text) => narrow({ text: text || undefined })}
        />
        <span className="quiet number" role="status">
          {describeCount(calls, 'call')}
        </span>
      </div>
      <Split
        detail={
          selected !== undefined && (
            <CallDetail
              call={selected}
              group={group}
              onClose={() => setSelected(undefined)}
              onSelect={setSelected}
              onOperation={(opId) => onOpen('outbox', opId)}
            />
          )
        }
      >
        {rows.length === 0 ? (
          <NothingFits isFiltered={isFiltered} what="call" title="No call yet">
            Each pull and push appears here when it has ended.
          </NothingFits>
        ) : (
          <VirtualList
            label="Calls, oldest first"
            count={rows.length}
            rowHeight={28}
            followEnd
            row={(index) => (
              <CallLine
                row={rows[index]}
                longestMs={longestMs}
                isOpen={opened.has(rows[index]?.group.id ?? 0)}
                isSelected={selected !== undefined && rows[index]?.call.id === selected.id}
                onToggle={toggle}
                onSelect={setSelected}
              />
            )}
          />
        )}
      </Split>
    </>
  );
}

interface CallLineProps {
  readonly row: NetworkRow | undefined;
  readonly longestMs: number;
  readonly isOpen: boolean;
  readonly isSelected: boolean;
  readonly onToggle: (groupId: number) => void;
  readonly onSelect: (call: RequestEntry) => void;
}

const CallLine = memo(({ row, longestMs, isOpen, isSelected, onToggle, onSelect }: CallLineProps): ReactNode => {
  if (row === undefined) return <div className="sc-row" />;
  const { group, call, attempt } = row;
  const { tone, text } = requestOutcome(call);
  const { start, length } = callBar(row, longestMs);
  // A group stands where it began; what it says is how it ended.
  const { startedAt } = attempt === undefined ? (group.calls[0] ?? call) : call;
  const tries = attempt === undefined && group.calls.length > 1 ? group.calls.length : undefined;
  return (
    <div className="sc-call-line" data-attempt={attempt !== undefined}>
      <button type="button" className="sc-row sc-call" aria-current={isSelected} onClick={() => onSelect(call)}>
        <time className="quiet mono" dateTime={new Date(startedAt).toISOString()}>
          {describeTime(startedAt)}
        </time>
        <span className="sc-call-name mono clip">
          {attempt === undefined ? describeRequest(call) : `try ${attempt}: ${describeRequest(call)}`}
        </span>
        <Dot tone={tone} />
        <span className="sc-call-end clip">{text}</span>
        {call.faults !== undefined && call.faults.length > 0 && <Badge tone="error">{call.faults.join(', ')}</Badge>}
        <span className="sc-call-bar sc-bar" data-tone={tone} aria-hidden="true">
          <span style={{ insetInlineStart: `${start}%`, inlineSize: `${length}%` }} />
        </span>
        <span className="sc-call-took quiet number">{describeDuration(call.tookMs)}</span>
      </button>
      {tries === undefined ? (
        <span className="sc-call-open" />
      ) : (
        <button
          type="button"
          className="sc-button plain icon sc-call-open"
          aria-expanded={isOpen}
          aria-label={`${tries} tries`}
          title={`${tries} tries`}
          onClick={() => onToggle(group.id)}
        >
          <span className="number">{tries}×</span>
        </button>
      )}
    </div>
  );
});
