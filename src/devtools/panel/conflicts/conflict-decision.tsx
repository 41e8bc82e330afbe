import { useMemo, useState, type ReactNode } from 'react';
import type { ConflictResolution } from '../../../model/conflict.ts';
import type { ConflictView, StrategyPreview } from '../../protocol/messages.ts';
import { conflictFields, differs, mergedRow, type FieldChoice } from '../../../rules/merging/conflict-fields.ts';
import { describeConflict, noChoices, ownValue, previewWords } from '../../views/conflict-model.ts';
import { ConflictFieldRow } from './conflict-field-row.tsx';
import { useCommand, usePanelState } from '../context/panel-context.tsx';
import { Badge } from '../parts/badge.tsx';
import { Confirm } from '../parts/confirm.tsx';
import { JsonText } from '../parts/json-text.tsx';
import { Problem } from '../parts/problem.tsx';
import { SidesTable } from '../parts/sides-table.tsx';

export interface ConflictDecisionProps {
  readonly view: ConflictView;
  readonly onDecided: () => void;
}

/** The last one is left out where nothing can be decided. */
const headings = ['Field', 'Before', 'Yours', "Server's", 'Another value'];

/** One conflict: base, local and server field by field, with a choice for each. */
export function ConflictDecision({ view, onDecided }: ConflictDecisionProps): ReactNode {
  const { connection } = usePanelState();
  const { run, isRunning, error } = useCommand();
  const [choices, setChoices] = useState(noChoices);
  const [showsAll, setShowsAll] = useState(false);
  const [asking, setAsking] = useState<'acceptServer' | 'discard'>();
  const { conflict, reason, previews } = view;
  const fields = useMemo(() => conflictFields(conflict), [conflict]);
  const shown = showsAll ? fields : fields.filter(differs);
  const merged = mergedRow(fields, choices.by, ({ name }) => ownValue(choices.own[name] ?? ''));
  const isDelete = conflict.opType === 'delete';
  const isLive = connection === 'connected';

  const choose = (name: string, choice: FieldChoice): void =>
    setChoices(({ by, own }) => ({ by: { ...by, [name]: choice }, own }));
  const write = (name: string, text: string): void =>
    setChoices(({ by, own }) => ({ by: { ...by, [name]: 'own' }, own: { ...own, [name]: text } }));
  const decide = async (resolution: ConflictResolution): Promise<void> => {
    setAsking(undefined);
    if (await run({ type: 'resolveConflict', opId: conflict.opId, resolution })) onDecided();
  };

  return (
    <article
      className="sc-scroll sc-decision"
      aria-label={`Conflict of ${conflict.kind}/${conflict.entityId}`}
      tabIndex={0}
    >
      <header className="sc-section">
        <h2>{describeConflict(view)}</h2>
        {reason !== undefined && <p className="quiet">{reason}</p>}
      </header>
      {isLive && (
        <div className="sc-section">
          <div className="sc-actions">
            <button
              type="button"
              className="sc-button primary"
              disabled={isRunning}
              onClick={() => void decide({ type: 'acceptMerged', data: merged })}
            >
              {isDelete ? 'Keep the row as merged' : 'Send the merged row'}
            </button>
            <button
              type="button"
              className="sc-button"
              disabled={isRunning}
              onClick={() => void decide({ type: 'acceptClient' })}
            >
              {isDelete ? 'Delete it' : 'Send mine'}
            </button>
            <button
              type="button"
              className="sc-button danger"
              disabled={isRunning}
              onClick={() => setAsking('acceptServer')}
            >
              Take the server's…
            </button>
            <button
              type="button"
              className="sc-button"
              disabled={isRunning}
              onClick={() => void decide({ type: 'defer' })}
            >
              Later
            </button>
          </div>
          <Problem text={error} />
        </div>
      )}
      <section className="sc-section">
        <div className="sc-actions">
          <h3>Field by field</h3>
          <label className="sc-actions">
            <input type="checkbox" checked={showsAll} onChange={(event) => setShowsAll(event.target.checked)} />
            also those that agree
          </label>
        </div>
        <SidesTable
          label="Fields on all sides"
          className="sc-diff"
          headings={isLive ? headings : headings.slice(0, -1)}
        >
          {shown.map((field) => (
            <ConflictFieldRow
              key={field.name}
              field={field}
              choice={choices.by[field.name] ?? field.proposed}
              own={choices.own[field.name] ?? ''}
              isReadOnly={!isLive}
              onChoose={choose}
              onWrite={write}
            />
          ))}
        </SidesTable>
      </section>
      <section className="sc-section">
        <h3>The merged row</h3>
        <JsonText label="Merged row" value={merged} />
      </section>
      <section className="sc-section">
        <h3>What each strategy would do</h3>
        <ul className="sc-previews">
          {previews.map((preview) => (
            <PreviewLine key={preview.strategy} preview={preview} isInUse={preview.strategy === view.strategy} />
          ))}
        </ul>
      </section>
      {asking !== undefined && (
        <Confirm
          title="Take the server's row?"
          action="Take the server's"
          onConfirm={() => void decide({ type: asking })}
          onCancel={() => setAsking(undefined)}
        >
          <p>Your change is given up; it stays in the history of what was given up.</p>
        </Confirm>
      )}
    </article>
  );
}

const PreviewLine = ({
  preview,
  isInUse,
}: {
  readonly preview: StrategyPreview;
  readonly isInUse: boolean;
}): ReactNode => (
  <li>
    <details>
      <summary>
        <code>{preview.strategy}</code> <span className="quiet">{previewWords[preview.result]}</span>{' '}
        {isInUse && <Badge tone="conflict">in use</Badge>}{' '}
        {preview.note !== undefined && <span className="quiet">{preview.note}</span>}
      </summary>
      <JsonText label={`Result of ${preview.strategy}`} value={preview.data} />
    </details>
  </li>
);
