import { useEffect, useRef, useState, type ReactNode } from 'react';
import { acceptClient, acceptMerged, acceptServer, type ConflictResolution, type StoredConflict } from 'synchart';
import { useConflicts } from 'synchart/react';
import { useDeviceHere } from '../data/device-context.ts';
import { contestedFields } from '../data/sync-tables.ts';
import { useToast } from '../parts/toasts.tsx';

/** Says that somebody has to decide, and opens the question on request. */
export function ConflictDialog(): ReactNode {
  const conflicts = useConflicts();
  const [isOpen, setIsOpen] = useState(false);
  const first = conflicts[0];
  if (first === undefined) return null;
  return (
    <>
      <div className="notice" data-tone="warning" role="status">
        <p>
          <strong>
            {conflicts.length === 1 ? 'One change meets' : `${conflicts.length} changes meet`} a newer version on the
            server.
          </strong>{' '}
          Both versions are kept until you decide.
        </p>
        <button type="button" className="button primary" onClick={() => setIsOpen(true)}>
          Decide
        </button>
      </div>
      {isOpen && <Question key={first.conflict.opId} stored={first} onLater={() => setIsOpen(false)} />}
    </>
  );
}

type Side = 'mine' | 'theirs';

/** One conflict, field by field: what it was, what you made of it, what the server has. */
function Question({ stored, onLater }: { readonly stored: StoredConflict; readonly onLater: () => void }): ReactNode {
  const { engine } = useDeviceHere();
  const tell = useToast();
  const dialog = useRef<HTMLDialogElement>(null);
  const [chosen, setChosen] = useState<Readonly<Record<string, Side>>>({});
  const [isDeciding, setIsDeciding] = useState(false);
  const { conflict } = stored;
  const fields = contestedFields(conflict);
  const isDelete = conflict.opType === 'delete';
  useEffect(() => {
    if (dialog.current?.open === false) dialog.current.showModal();
  }, []);

  const decide = async (resolution: ConflictResolution, said: string): Promise<void> => {
    if (isDeciding) return;
    setIsDeciding(true);
    try {
      await engine.resolveConflict(conflict.opId, resolution);
      tell(said);
    } catch (error) {
      tell(error instanceof Error ? error.message : String(error));
      setIsDeciding(false);
    }
  };
  const merged = (): ConflictResolution => {
    const data = { ...conflict.serverData };
    for (const field of conflict.changedFields ?? fields) {
      const value = conflict.localData[field];
      if (value !== undefined && chosen[field] !== 'theirs') data[field] = value;
    }
    return acceptMerged(data);
  };

  const title = text(conflict.localData['title'] ?? conflict.serverData['title'] ?? conflict.entityId);
  return (
    <dialog ref={dialog} className="dialog wide" aria-labelledby="conflict-title" onClose={onLater}>
      <h3 id="conflict-title">Which version of “{title}”?</h3>
      {isDelete || conflict.serverDeleted ? (
        <p>
          {isDelete
            ? 'You deleted this todo. Meanwhile, somebody changed it.'
            : 'You changed this todo. Meanwhile, somebody deleted it.'}
        </p>
      ) : (
        <table>
          <thead>
            <tr>
              <th scope="col">Field</th>
              <th scope="col">Before</th>
              <th scope="col">Yours</th>
              <th scope="col">Theirs</th>
            </tr>
          </thead>
          <tbody>
            {fields.map((field) => (
              <tr key={field}>
                <th scope="row">{field}</th>
                <td>{text(conflict.baseData?.[field])}</td>
                {(['mine', 'theirs'] as const).map((side) => (
                  <td key={side}>
                    <label>
                      <input
                        type="radio"
                        name={field}
                        checked={(chosen[field] ?? 'mine') === side}
                        onChange={() => setChosen({ ...chosen, [field]: side })}
                      />{' '}
                      {text((side === 'mine' ? conflict.localData : conflict.serverData)[field])}
                    </label>
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      )}
      <div className="buttons">
        <button type="button" className="button" onClick={() => dialog.current?.close()}>
          Later
        </button>
        <span className="grow" />
        <button
          type="button"
          className="button"
          disabled={isDeciding}
          onClick={() => void decide(acceptServer(), 'Kept the version of the server')}
        >
          Keep theirs
        </button>
        <button
          type="button"
          className="button"
          disabled={isDeciding}
          onClick={() => void decide(acceptClient(), 'Kept your version')}
        >
          Keep mine
        </button>
        {!isDelete && !conflict.serverDeleted && (
          <button
            type="button"
            className="button primary"
            disabled={isDeciding}
            onClick={() => void decide(merged(), 'Kept what you chose')}
          >
            Keep what is chosen
          </button>
        )}
      </div>
    </dialog>
  );
}

const text = (value: unknown): string =>
  value === undefined || value === null || value === ''
    ? '—'
    : typeof value === 'boolean'
      ? value
        ? 'yes'
        : 'no'
      : String(value);
