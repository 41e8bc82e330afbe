import type { ReactNode } from 'react';
import type { Json } from '../../model/json.ts';
import { showValue } from '../views/conflict-model.ts';
import { rowFields, rowStates } from '../views/replica-model.ts';
import { useQuery } from './panel-context.tsx';
import { Badge } from './parts/badge.tsx';
import { IconButton } from './parts/icon-button.tsx';

export interface RowDetailProps {
  readonly kind: string;
  readonly id: string;
  readonly onClose: () => void;
  readonly onDecide: () => void;
}

/** One row: as it is here, before the first pending edit, and as the server has it. */
export function RowDetail({ kind, id, onClose, onDecide }: RowDetailProps): ReactNode {
  const { answer: row, error } = useQuery('row', { kind, id });
  const isKnown = row?.id === id;
  return (
    <aside className="sc-detail" aria-label="Row">
      <div className="sc-actions" style={{ justifyContent: 'space-between', marginBlockEnd: 8 }}>
        <h2 className="clip">
          {kind}/{id}
        </h2>
        <IconButton icon="close" label="Close" onClick={onClose} />
      </div>
      {error !== undefined && (
        <p className="sc-note" data-tone="error" role="alert">
          {error}
        </p>
      )}
      {isKnown && (
        <>
          <section className="sc-section">
            <p className="sc-actions">
              {rowStates(row).length === 0 ? (
                <Badge tone="ok">as the server has it</Badge>
              ) : (
                rowStates(row).map(({ tone, text }) => (
                  <Badge key={text} tone={tone}>
                    {text}
                  </Badge>
                ))
              )}
              {row.conflict && (
                <button type="button" className="sc-button" onClick={onDecide}>
                  Decide…
                </button>
              )}
            </p>
            {row.quarantined !== undefined && (
              <p className="sc-note" data-tone="error">
                What the server sent could not be stored, and is tried again with the next pull: {row.quarantined}
              </p>
            )}
          </section>
          <div className="sc-table-frame" tabIndex={0} role="group" aria-label="The row on all sides">
            <table className="sc-sides sc-stack" role="table">
              <thead role="rowgroup">
                <tr role="row">
                  <th scope="col" role="columnheader">
                    Field
                  </th>
                  <th scope="col" role="columnheader">
                    Here
                  </th>
                  <th scope="col" role="columnheader">
                    Before
                  </th>
                  <th scope="col" role="columnheader">
                    Server
                  </th>
                </tr>
              </thead>
              <tbody role="rowgroup">
                {rowFields(row).map(({ name, local, base, server, changedHere, changedThere }) => (
                  <tr key={name} role="row">
                    <th scope="row" role="rowheader" className="mono">
                      {name}
                    </th>
                    <Side label="Here" value={local} isChanged={changedHere} />
                    <Side label="Before" value={base} />
                    <Side label="Server" value={server} isChanged={changedThere} />
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        </>
      )}
    </aside>
  );
}

const Side = ({ label, value, isChanged = false }: { readonly label: string; readonly value: Json | undefined; readonly isChanged?: boolean }): ReactNode => (
  <td role="cell" className="mono" data-label={label} data-changed={isChanged}>
    {showValue(value)}
    {isChanged && <span className="sr-only"> (changed)</span>}
  </td>
);
