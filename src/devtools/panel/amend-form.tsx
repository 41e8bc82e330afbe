import { useEffect, useId, useRef, useState, type FormEvent, type ReactNode } from 'react';
import { isJsonObject, type JsonObject } from '../../model/json.ts';
import type { OperationView } from '../protocol/messages.ts';

export interface AmendFormProps {
  readonly operation: OperationView;
  /** What the engine said to the last try. */
  readonly error?: string | undefined;
  readonly onAmend: (patch: JsonObject) => void;
  readonly onCancel: () => void;
}

/** Corrects what an operation will send: JSON with the fields to change. */
export function AmendForm({ operation, error, onAmend, onCancel }: AmendFormProps): ReactNode {
  const dialog = useRef<HTMLDialogElement>(null);
  const [text, setText] = useState(() => JSON.stringify(proposalOf(operation), undefined, 2));
  const [complaint, setComplaint] = useState<string>();
  const id = useId();
  useEffect(() => {
    const shown = dialog.current;
    if (shown !== null && !shown.open) shown.showModal();
    return () => shown?.close();
  }, []);

  const onSubmit = (event: FormEvent): void => {
    event.preventDefault();
    const patch = parsePatch(text);
    if (typeof patch === 'string') setComplaint(patch);
    else onAmend(patch);
  };

  return (
    <dialog ref={dialog} className="sc-dialog" aria-labelledby={`${id}-title`} onCancel={onCancel}>
      <form className="sc-section" onSubmit={onSubmit}>
        <h2 id={`${id}-title`}>Amend what will be sent</h2>
        <label htmlFor={id}>Fields to change, as JSON</label>
        <textarea id={id} className="sc-input mono" rows={10} spellCheck={false} value={text} onChange={(event) => setText(event.target.value)} />
        {(complaint ?? error) !== undefined && (
          <p className="sc-note" data-tone="error" role="alert">
            {complaint ?? error}
          </p>
        )}
        <div className="sc-actions">
          <button type="submit" className="sc-button primary">
            Amend
          </button>
          <button type="button" className="sc-button" onClick={onCancel}>
            Cancel
          </button>
        </div>
      </form>
    </dialog>
  );
}

/** The fields that the operation changes, to begin with. */
const proposalOf = ({ payload = {}, changedFields }: OperationView): JsonObject =>
  Object.fromEntries(Object.entries(payload).filter(([key]) => changedFields?.includes(key) ?? true));

function parsePatch(text: string): JsonObject | string {
  try {
    const patch: unknown = JSON.parse(text);
    return isJsonObject(patch) ? patch : 'Write an object, such as { "title": "Milk" }.';
  } catch (error) {
    return `This is not JSON: ${error instanceof Error ? error.message : String(error)}`;
  }
}
