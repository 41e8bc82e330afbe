import type { ReactNode } from 'react';
import type { Json } from '../../../model/values/json.ts';
import type { EventEntry, LogEntry, RequestEntry } from '../../protocol/log-entry.ts';
import { describeEntry, entryTypeNames } from '../../views/entries/describe-entry.ts';
import { describeDuration, describeTime } from '../../views/words/describe-time.ts';
import { operationsOf } from '../../views/entries/timeline-model.ts';
import { Badge } from '../parts/badge.tsx';
import { DetailPane } from '../parts/detail-pane.tsx';
import { JsonText } from '../parts/json-text.tsx';

export interface EntryDetailProps {
  readonly entry: LogEntry;
  readonly onClose: () => void;
  readonly onOperation: (opId: string) => void;
  readonly onRun: (runId: number) => void;
  readonly onEntity: (kind: string, entityId: string) => void;
}

/** Most operations that get a button; a batch can have hundreds. */
const mostButtons = 12;

/** One log entry as text and as it was written, with the way to what it is about. */
export function EntryDetail({ entry, onClose, onOperation, onRun, onEntity }: EntryDetailProps): ReactNode {
  const { tone, title, detail } = describeEntry(entry);
  const operations = [...new Set(operationsOf(entry))];
  const runId = 'runId' in entry ? entry.runId : undefined;
  const entity = entry.type === 'event' || entry.type === 'request' ? entityOf(entry) : undefined;
  // Entries are JSON throughout.
  const written: unknown = entry;
  return (
    <DetailPane label="Entry" title={title} onClose={onClose}>
      <section className="sc-section">
        <p className="sc-note" data-tone={tone}>
          {detail === '' ? 'Nothing further is said.' : detail}
        </p>
        <dl className="sc-facts">
          <dt>What</dt>
          <dd>
            <Badge tone={tone}>{entryTypeNames[entry.type]}</Badge> <span className="quiet number">no. {entry.id}</span>
          </dd>
          <dt>When</dt>
          <dd className="mono">{describeTime(entry.at)}</dd>
          {entry.type === 'request' && (
            <>
              <dt>Took</dt>
              <dd>{describeDuration(entry.tookMs)}</dd>
            </>
          )}
          {entry.type === 'transition' && (
            <>
              <dt>Left</dt>
              <dd className="mono">{entry.sources.join(', ')}</dd>
              <dt>Actions</dt>
              <dd className="mono">{entry.actions.length === 0 ? 'none' : entry.actions.join(', ')}</dd>
            </>
          )}
        </dl>
        <div className="sc-actions">
          {runId !== undefined && (
            <button type="button" className="sc-button" onClick={() => onRun(runId)}>
              Only run {runId}
            </button>
          )}
          {entity !== undefined && (
            <button type="button" className="sc-button" onClick={() => onEntity(entity.kind, entity.entityId)}>
              Only{' '}
              <code className="clip">
                {entity.kind}/{entity.entityId}
              </code>
            </button>
          )}
          {operations.slice(0, mostButtons).map((opId) => (
            <button key={opId} type="button" className="sc-button" title={opId} onClick={() => onOperation(opId)}>
              Operation <code>{opId.slice(-8)}</code>
            </button>
          ))}
        </div>
        {operations.length > mostButtons && (
          <p className="quiet">and {operations.length - mostButtons} more in the text below</p>
        )}
      </section>
      <section className="sc-section">
        <h3>As it was written</h3>
        <JsonText label="Entry as JSON" value={written as Json} />
      </section>
    </DetailPane>
  );
}

/** The one record that an entry is about. */
function entityOf(entry: EventEntry | RequestEntry): { readonly kind: string; readonly entityId: string } | undefined {
  if (entry.kind !== undefined && entry.entityId !== undefined) return { kind: entry.kind, entityId: entry.entityId };
  const [only, ...others] = entry.type === 'request' ? (entry.operations ?? []) : [];
  return only !== undefined && others.length === 0 ? { kind: only.kind, entityId: only.entityId } : undefined;
}
