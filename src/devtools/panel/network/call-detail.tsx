import type { ReactNode } from 'react';
import type { AnsweredOperation, RequestEntry } from '../../protocol/log-entry.ts';
import { describeCount } from '../../views/words/describe-count.ts';
import { describeBytes, describeDuration, describeTime } from '../../views/words/describe-time.ts';
import type { CallGroup } from '../../views/entries/network-model.ts';
import { noAnswer, outcomeWords } from '../../views/words/outcome-words.ts';
import { describeRequest, requestOutcome } from '../../views/entries/request-model.ts';
import { Badge, Dot } from '../parts/badge.tsx';
import { DetailPane } from '../parts/detail-pane.tsx';

export interface CallDetailProps {
  readonly call: RequestEntry;
  /** The tries that it is one of. */
  readonly group: CallGroup | undefined;
  readonly onClose: () => void;
  readonly onSelect: (call: RequestEntry) => void;
  readonly onOperation: (opId: string) => void;
}

/** One call: its times and sizes, its tries, and how it ended for each operation. */
export function CallDetail({ call, group, onClose, onSelect, onOperation }: CallDetailProps): ReactNode {
  const { tone, text } = requestOutcome(call);
  const { startedAt, tookMs, runId, rows, bytes, hasMore, faults, operations } = call;
  return (
    <DetailPane label="Call" title={describeRequest(call)} onClose={onClose}>
      <section className="sc-section">
        <p className="sc-note" data-tone={tone}>
          {text}
        </p>
        <dl className="sc-facts">
          <dt>Began</dt>
          <dd className="mono">{describeTime(startedAt)}</dd>
          <dt>Took</dt>
          <dd>{describeDuration(tookMs)}</dd>
          {runId !== undefined && (
            <>
              <dt>Run</dt>
              <dd className="number">{runId}</dd>
            </>
          )}
          {rows !== undefined && (
            <>
              <dt>Rows</dt>
              <dd className="number">
                {rows.toLocaleString('en')}
                {bytes === undefined ? '' : `, ${describeBytes(bytes)}`}
                {hasMore === true ? ', more to come' : ''}
              </dd>
            </>
          )}
          {faults !== undefined && faults.length > 0 && (
            <>
              <dt>Faults</dt>
              <dd>
                <Badge tone="error">{faults.join(', ')}</Badge> made by the Faults view
              </dd>
            </>
          )}
        </dl>
      </section>
      {group !== undefined && group.calls.length > 1 && (
        <section className="sc-section">
          <h3>Tries</h3>
          <ol className="sc-history">
            {group.calls.map((attempt, index) => (
              <li key={attempt.id}>
                <Dot tone={requestOutcome(attempt).tone} />
                <time className="quiet mono" dateTime={new Date(attempt.startedAt).toISOString()}>
                  {describeTime(attempt.startedAt)}
                </time>
                <span>
                  {attempt === call ? (
                    `try ${index + 1}, this one`
                  ) : (
                    <button type="button" className="sc-link" onClick={() => onSelect(attempt)}>
                      try {index + 1}
                    </button>
                  )}{' '}
                  <span className="quiet">{requestOutcome(attempt).text}</span>
                </span>
              </li>
            ))}
          </ol>
        </section>
      )}
      {operations !== undefined && (
        <section className="sc-section">
          <h3>{describeCount(operations.length, 'operation')}</h3>
          <ul className="sc-answers">
            {operations.map((operation) => (
              <Answer key={operation.opId} operation={operation} tookMs={tookMs} onOperation={onOperation} />
            ))}
          </ul>
        </section>
      )}
    </DetailPane>
  );
}

function Answer({
  operation: { opId, kind, entityId, operationType, outcome, statusCode, message, answeredAfterMs, requestId },
  tookMs,
  onOperation,
}: {
  readonly operation: AnsweredOperation;
  readonly tookMs: number;
  readonly onOperation: (opId: string) => void;
}): ReactNode {
  const [what, tone] = outcomeWords[outcome ?? ''] ?? noAnswer;
  return (
    <li>
      <button
        type="button"
        className="sc-button plain"
        style={{ justifyContent: 'start', padding: 0 }}
        title={opId}
        onClick={() => onOperation(opId)}
      >
        <span className="mono clip">
          {kind}/{entityId}
        </span>
        <span className="quiet">{operationType === 'delete' ? 'delete' : ''}</span>
      </button>
      <Badge tone={tone}>{statusCode === undefined ? what : `${statusCode} ${what}`}</Badge>
      {answeredAfterMs !== undefined && tookMs > 0 && (
        <span className="sc-bar" data-tone={tone} title={`answered after ${describeDuration(answeredAfterMs)}`}>
          <span style={{ insetInlineStart: 0, inlineSize: `${(answeredAfterMs / tookMs) * 100}%` }} />
        </span>
      )}
      {message !== undefined && <p className="sc-answer-note quiet">{message}</p>}
      {requestId !== undefined && requestId !== opId && <p className="sc-answer-note quiet mono">key {requestId}</p>}
    </li>
  );
}
