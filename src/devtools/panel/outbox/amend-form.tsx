import { useEffect, useId, useRef, useState, type FormEvent, type ReactNode } from 'react';
import type { JsonObject } from '../../../model/values/json.ts';
import type { OperationView } from '../../protocol/messages.ts';
import { amendedFields, parsePatch, proposalOf } from '../../views/amendment.ts';
import { showValue } from '../../views/conflict-model.ts';
import { useCommand } from '../context/panel-context.tsx';

export interface AmendFormProps {
  readonly operation: OperationView;
  readonly onAmended: () => void;
  readonly onCancel: () => void;
}

/**
 * Corrects what an operation will send: JSON with the fields to change, and then what that comes to, to be confirmed.
 */
export function AmendForm({ operation, onAmended, onCancel }: AmendFormProps): ReactNode {
  const { run, isRunning, error } = useCommand();
  const dialog = useRef<HTMLDialogElement>(null);
  const [text, setText] = useState(() => proposalOf(operation));
  const [reviewed, setReviewed] = useState<JsonObject>();
  const [complaint, setComplaint] = useState<string>();
  const id = useId();
  useEffect(() => {
    const shown = dialog.current;
    if (shown !== null && !shown.open) shown.showModal();
    return () => shown?.close();
  }, []);

  const amend = async (patch: JsonObject): Promise<void> => {
    if (await run({ type: 'amend', opId: operation.opId, patch })) onAmended();
  };
  const onSubmit = (event: FormEvent): void => {
    event.preventDefault();
    if (reviewed !== undefined) return void amend(reviewed);
    const patch = parsePatch(text);
    const problem =
      typeof patch === 'string'
        ? patch
        : amendedFields(operation, patch).length === 0
          ? 'Nothing would change.'
          : undefined;
    setComplaint(problem);
    if (typeof patch !== 'string' && problem === undefined) setReviewed(patch);
  };
  // The engine's answer is to what was reviewed.
  const said = complaint ?? (reviewed === undefined ? undefined : error);

  return (
    <dialog ref={dialog} className="sc-dialog" aria-labelledby={`${id}-title`} onCancel={onCancel}>
      <form className="sc-section" onSubmit={onSubmit}>
        <h2 id={`${id}-title`}>{reviewed === undefined ? 'Amend what will be sent' : 'Send this instead?'}</h2>
        {reviewed === undefined ? (
          <>
            <label htmlFor={id}>Fields to change, as JSON</label>
            <textarea
              id={id}
              className="sc-input mono"
              rows={10}
              spellCheck={false}
              value={text}
              onChange={(event) => setText(event.target.value)}
            />
          </>
        ) : (
          <dl className="sc-amended">
            {amendedFields(operation, reviewed).map(({ name, before, after }) => (
              <div key={name}>
                <dt className="mono">{name}</dt>
                <dd className="mono">
                  <del>{showValue(before)}</del> <span aria-hidden="true">→</span> <ins>{showValue(after)}</ins>
                </dd>
              </div>
            ))}
          </dl>
        )}
        {said !== undefined && (
          <p className="sc-note" data-tone="error" role="alert">
            {said}
          </p>
        )}
        <div className="sc-actions">
          <button type="submit" className="sc-button primary" disabled={isRunning}>
            {reviewed === undefined ? 'Review…' : 'Amend'}
          </button>
          {reviewed !== undefined && (
            <button type="button" className="sc-button" onClick={() => setReviewed(undefined)}>
              Back
            </button>
          )}
          <button type="button" className="sc-button" onClick={onCancel}>
            Cancel
          </button>
        </div>
      </form>
    </dialog>
  );
}
