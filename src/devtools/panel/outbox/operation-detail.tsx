import { useMemo, useState, type ReactNode } from 'react';
import type { OperationView } from '../../protocol/messages.ts';
import { describeDuration, describeTime } from '../../views/words/describe-time.ts';
import { describeDelta } from '../../views/words/describe-delta.ts';
import { createHistoryReader } from '../../views/entries/history-reader.ts';
import { describeOperation, repairsOf, stateNames } from '../../views/outbox-model.ts';
import { reasonNames, reasonTones } from '../../views/words/phase-tone.ts';
import { AmendForm } from './amend-form.tsx';
import { useCommand, useEngineNow, usePanelState, useQuery } from '../context/panel-context.tsx';
import { Dot } from '../parts/badge.tsx';
import { Confirm } from '../parts/confirm.tsx';
import { DetailPane } from '../parts/detail-pane.tsx';
import { JsonText } from '../parts/json-text.tsx';
import { Problem } from '../parts/problem.tsx';

export interface OperationDetailProps {
  readonly opId: string;
  readonly onClose: () => void;
  readonly onChanged: () => void;
  readonly onDecide: () => void;
  /** Shows another operation. */
  readonly onSelect: (opId: string) => void;
}

/** One operation: why it is there, what it will send, what happened to it, and what can be done. */
export function OperationDetail({ opId, onClose, onChanged, onDecide, onSelect }: OperationDetailProps): ReactNode {
  const { entries, revision } = usePanelState();
  const { answer, error } = useQuery('operation', { opId });
  const known = answer ?? undefined;
  // What it was about is still known when it has gone.
  const [record, setRecord] = useState<string>();
  const told = known === undefined ? record : `${known.kind}/${known.entityId}`;
  if (told !== record) setRecord(told);
  const read = useMemo(() => createHistoryReader(opId), [opId]);
  // The log grows in place; its revision tells that it did.
  const history = useMemo(() => read(known, entries), [read, known, entries, revision]);
  return (
    <DetailPane label="Operation" title={told ?? 'Operation'} onClose={onClose}>
      <Problem text={error} />
      {answer === null && (
        <section className="sc-section">
          <p className="sc-note" data-tone="idle">
            It has left the outbox.
          </p>
        </section>
      )}
      {known !== undefined && (
        <OperationFacts operation={known} onChanged={onChanged} onDecide={onDecide} onSelect={onSelect} />
      )}
      <section className="sc-section">
        <h3>What happened</h3>
        <ol className="sc-history">
          {history.map(({ at, what, tone, detail, foldedInto }, index) => (
            <li key={index}>
              <Dot tone={tone} />
              <time className="quiet mono" dateTime={new Date(at).toISOString()}>
                {describeTime(at)}
              </time>
              <span>
                {what}
                {detail !== undefined && <span className="quiet"> {detail}</span>}
                {foldedInto !== undefined && (
                  <>
                    {' '}
                    <button
                      type="button"
                      className="sc-link mono"
                      title={foldedInto}
                      onClick={() => onSelect(foldedInto)}
                    >
                      {foldedInto.slice(-8)}
                    </button>
                  </>
                )}
              </span>
            </li>
          ))}
        </ol>
      </section>
      {known?.type === 'upsert' && (
        <section className="sc-section">
          <h3>{known.frozenBody === undefined ? 'Will send' : 'Sent'}</h3>
          <JsonText label="Payload" value={known.frozenBody ?? known.payload} />
        </section>
      )}
    </DetailPane>
  );
}

function OperationFacts({
  operation,
  onChanged,
  onDecide,
  onSelect,
}: { readonly operation: OperationView } & Pick<
  OperationDetailProps,
  'onChanged' | 'onDecide' | 'onSelect'
>): ReactNode {
  const { connection } = usePanelState();
  const { run, isRunning, error } = useCommand();
  const [asking, setAsking] = useState<'retry' | 'drop' | 'amend'>();
  const now = useEngineNow();
  const repairs = repairsOf(operation);
  const {
    opId,
    reason,
    detail,
    waitingFor,
    tryCount,
    enqueuedAt,
    localTimestamp,
    lastError,
    changedFields,
    deltas,
    baseUpdatedAt,
    requestId,
  } = operation;
  const isLive = connection === 'connected';
  const retry = async (): Promise<void> => {
    setAsking(undefined);
    if (await run({ type: 'retry', opIds: [opId] })) onChanged();
  };
  const drop = async (): Promise<void> => {
    setAsking(undefined);
    if (await run({ type: 'drop', opIds: [opId] })) onChanged();
  };
  const amended = (): void => {
    setAsking(undefined);
    onChanged();
  };

  return (
    <>
      <section className="sc-section">
        <p className="sc-note" data-tone={reasonTones[reason]}>
          <strong>{reasonNames[reason]}</strong>: {detail}
        </p>
        {isLive && (
          <div className="sc-actions">
            {repairs.retry && (
              <button
                type="button"
                className="sc-button primary"
                disabled={isRunning}
                onClick={() => (operation.parkedFor === 'ambiguous' ? setAsking('retry') : void retry())}
              >
                {operation.parkedFor === 'ambiguous' ? 'Retry…' : 'Retry'}
              </button>
            )}
            {repairs.decide && (
              <button type="button" className="sc-button primary" onClick={onDecide}>
                Decide…
              </button>
            )}
            {repairs.amend && (
              <button type="button" className="sc-button" disabled={isRunning} onClick={() => setAsking('amend')}>
                Amend…
              </button>
            )}
            {repairs.drop && (
              <button type="button" className="sc-button danger" disabled={isRunning} onClick={() => setAsking('drop')}>
                Drop…
              </button>
            )}
          </div>
        )}
        <Problem text={error} />
      </section>
      <section className="sc-section">
        <dl className="sc-facts">
          <dt>Does</dt>
          <dd>{describeOperation(operation)}</dd>
          <dt>State</dt>
          <dd>{stateNames[operation.state]}</dd>
          <dt>Operation</dt>
          <dd className="mono">{opId}</dd>
          <dt>Age</dt>
          <dd>
            {describeDuration(now - enqueuedAt)} <span className="quiet">written {localTimestamp}</span>
          </dd>
          <dt>Counted tries</dt>
          <dd>
            <span className="number">{tryCount}</span>{' '}
            <span className="quiet">only a refusal by the server counts</span>
          </dd>
          {waitingFor !== undefined && (
            <>
              <dt>Waits for</dt>
              <dd>
                <button type="button" className="sc-link mono" onClick={() => onSelect(waitingFor)}>
                  {waitingFor}
                </button>
              </dd>
            </>
          )}
          {lastError !== undefined && reason !== 'conflict' && !detail.includes(lastError) && (
            <>
              <dt>Last error</dt>
              <dd>{lastError}</dd>
            </>
          )}
          <dt>Changed</dt>
          <dd>{changedFields === undefined ? 'the whole row' : changedFields.join(', ') || '(deltas only)'}</dd>
          {deltas !== undefined && deltas.length > 0 && (
            <>
              <dt>Deltas</dt>
              <dd className="mono">{deltas.map(describeDelta).join(', ')}</dd>
            </>
          )}
          <dt>Base</dt>
          <dd className="mono">{baseUpdatedAt ?? 'none'}</dd>
          {requestId !== undefined && (
            <>
              <dt>Open request</dt>
              <dd className="mono">{requestId}</dd>
            </>
          )}
        </dl>
      </section>
      {asking === 'retry' && (
        <Confirm
          title="Try this operation again?"
          action="Retry it"
          isHarmless
          onConfirm={() => void retry()}
          onCancel={() => setAsking(undefined)}
        >
          <p>
            It is sent again, whatever became of the first time: look at {operation.kind}/{operation.entityId} on the
            server first.
          </p>
        </Confirm>
      )}
      {asking === 'drop' && (
        <Confirm
          title="Drop this operation?"
          action="Drop it"
          onConfirm={() => void drop()}
          onCancel={() => setAsking(undefined)}
        >
          <p>
            The change to {operation.kind}/{operation.entityId} is given up and the row goes back to the server's state.
            It stays in the history of what was given up.
          </p>
        </Confirm>
      )}
      {asking === 'amend' && (
        <AmendForm operation={operation} onAmended={amended} onCancel={() => setAsking(undefined)} />
      )}
    </>
  );
}
