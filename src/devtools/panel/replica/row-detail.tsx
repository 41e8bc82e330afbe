import type { ReactNode } from 'react';
import type { Json } from '../../../model/values/json.ts';
import { rowFields, rowStates } from '../../views/replica-model.ts';
import { useQuery } from '../context/panel-context.tsx';
import { Badge } from '../parts/badge.tsx';
import { DetailPane } from '../parts/detail-pane.tsx';
import { Problem } from '../parts/problem.tsx';
import { FieldName, SideValue, SidesTable } from '../parts/sides-table.tsx';

export interface RowDetailProps {
  readonly kind: string;
  readonly id: string;
  readonly onClose: () => void;
  readonly onDecide: () => void;
}

const headings = ['Field', 'Here', 'Before', 'Server'];

/** One row: as it is here, before the first pending edit, and as the server has it. */
export function RowDetail({ kind, id, onClose, onDecide }: RowDetailProps): ReactNode {
  const { answer: row, error } = useQuery('row', { kind, id });
  const isKnown = row?.id === id;
  return (
    <DetailPane label="Row" title={`${kind}/${id}`} onClose={onClose}>
      <Problem text={error} />
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
          <SidesTable label="The row on all sides" className="sc-sides" headings={headings}>
            {rowFields(row).map(({ name, local, base, server, changedHere, changedThere }) => (
              <tr key={name} role="row">
                <FieldName name={name} />
                <Side label="Here" value={local} isChanged={changedHere} />
                <Side label="Before" value={base} />
                <Side label="Server" value={server} isChanged={changedThere} />
              </tr>
            ))}
          </SidesTable>
        </>
      )}
    </DetailPane>
  );
}

const Side = ({
  label,
  value,
  isChanged = false,
}: {
  readonly label: string;
  readonly value: Json | undefined;
  readonly isChanged?: boolean;
}): ReactNode => (
  <td role="cell" data-label={label} data-changed={isChanged}>
    <SideValue value={value} isChanged={isChanged} />
  </td>
);
