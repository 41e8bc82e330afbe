import { useEffect, useState, type ReactNode } from 'react';
import type { QueuedOperation } from 'synchart';
import { useRejected } from 'synchart/react';
import { useDeviceHere } from '../data/device-context.ts';
import { useToast } from '../parts/toasts.tsx';

/** Edits that the server refused, each with its reason at the field and a way to repair it. */
export function RejectedEdits(): ReactNode {
  const rejected = useRejected();
  if (rejected.length === 0) return null;
  return (
    <div className="notice column" data-tone="error" role="alert">
      {rejected.map((operation) => (
        <Repair key={operation.opId} operation={operation} />
      ))}
    </div>
  );
}

function Repair({ operation }: { readonly operation: QueuedOperation }): ReactNode {
  const { engine, todos } = useDeviceHere();
  const tell = useToast();
  const [values, setValues] = useState<Readonly<Record<string, string>>>({});
  const fields = Object.entries(operation.errorFields ?? {});
  useEffect(() => {
    let isCurrent = true;
    void todos.findOneBy({ id: operation.entityId }).then((row) => {
      if (!isCurrent || row === null) return;
      const now = Object.keys(operation.errorFields ?? {}).map((field) => [
        field,
        String(Reflect.get(row, field) ?? ''),
      ]);
      setValues(Object.fromEntries(now));
    });
    return () => {
      isCurrent = false;
    };
  }, [todos, operation]);
  const amend = async (): Promise<void> => {
    try {
      await engine.amend(operation.opId, values);
      tell('Sent again');
    } catch (error) {
      tell(error instanceof Error ? error.message : String(error));
    }
  };
  const giveUp = async (): Promise<void> => {
    await engine.dropStuckOperations({ opIds: [operation.opId] });
    tell('Your change was given up', () => engine.undoDiscard(operation.opId));
  };
  return (
    <form
      className="repair"
      onSubmit={(event) => {
        event.preventDefault();
        void amend();
      }}
    >
      <p>
        <strong>The server refused a change.</strong> {operation.lastError}
      </p>
      {fields.map(([field, reason]) => (
        <label key={field} className="field">
          <span>
            {field}: <em>{reason}</em>
          </span>
          <input
            aria-invalid="true"
            value={values[field] ?? ''}
            onChange={({ target }) => setValues({ ...values, [field]: target.value })}
          />
        </label>
      ))}
      <div className="buttons">
        <button type="button" className="button" onClick={() => void giveUp()}>
          Give it up
        </button>
        <button type="submit" className="button primary">
          Save and send again
        </button>
      </div>
    </form>
  );
}
