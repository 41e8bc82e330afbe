import { useState, type ReactNode } from 'react';
import type { InspectedKind } from '../../../model/inspection.ts';
import { agoText, directionOf, resyncProgress } from '../../views/replica-model.ts';
import { useCommand, useEngineNow, usePanelState } from '../context/panel-context.tsx';
import { Badge } from '../parts/badge.tsx';
import { Confirm } from '../parts/confirm.tsx';
import { IconButton } from '../parts/icon-button.tsx';

export interface KindTableProps {
  readonly kinds: readonly InspectedKind[];
  /** The one whose rows are shown. */
  readonly shown: string;
  readonly onChoose: (kind: string) => void;
  readonly onChanged: () => void;
}

/** How far each kind is, and what can be asked of it. */
export function KindTable({ kinds, shown, onChoose, onChanged }: KindTableProps): ReactNode {
  const { connection } = usePanelState();
  const { run, isRunning, error } = useCommand();
  const [asking, setAsking] = useState<string>();
  const now = useEngineNow();
  const isLive = connection === 'connected';
  const resync = (kind: string): void => {
    setAsking(undefined);
    void run({ type: 'fullResync', kinds: [kind] }).then(onChanged);
  };

  return (
    <>
      <div className="sc-kinds" role="group" aria-label="Kinds" tabIndex={0}>
        <table>
          <thead>
            <tr>
              <th scope="col">Kind</th>
              <th scope="col" className="number">
                Rows
              </th>
              <th scope="col" className="number">
                Pending
              </th>
              <th scope="col">Quarantined</th>
              <th scope="col">Last pull</th>
              <th scope="col">Full resync</th>
              <th scope="col">Cursor</th>
              <th scope="col">Goes</th>
              {isLive && <th scope="col">Actions</th>}
            </tr>
          </thead>
          <tbody>
            {kinds.map((kind) => (
              <tr key={kind.kind} data-shown={kind.kind === shown}>
                <th scope="row">
                  <button
                    type="button"
                    className="sc-button plain"
                    aria-pressed={kind.kind === shown}
                    onClick={() => onChoose(kind.kind)}
                  >
                    <span className="mono">{kind.kind}</span>
                  </button>
                </th>
                <td className="number">{kind.rows.toLocaleString('en')}</td>
                <td className="number">
                  {kind.pending > 0 ? <Badge tone="info">{kind.pending.toLocaleString('en')}</Badge> : '0'}
                </td>
                <td>
                  {kind.quarantined > 0 ? <Badge tone="error">{kind.quarantined.toLocaleString('en')}</Badge> : 'none'}
                </td>
                <td className="number">{agoText(kind.lastPulledAt, now)}</td>
                <td>
                  <Resync kind={kind} now={now} />
                </td>
                <td className="mono">
                  {kind.cursor === undefined ? (
                    <span className="quiet">none</span>
                  ) : (
                    `${kind.cursor.ts} ${kind.cursor.lastId}`
                  )}
                </td>
                <td className="quiet">{directionOf(kind)}</td>
                {isLive && (
                  <td>
                    <IconButton
                      icon="sync"
                      label={`Sync ${kind.kind}`}
                      disabled={isRunning}
                      onClick={() => void run({ type: 'sync', kinds: [kind.kind] }).then(onChanged)}
                    />
                    <IconButton
                      icon="resync"
                      label={`Full resync of ${kind.kind}…`}
                      disabled={isRunning || kind.pushOnly}
                      onClick={() => setAsking(kind.kind)}
                    />
                  </td>
                )}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {error !== undefined && (
        <p className="sc-note" data-tone="error" role="alert">
          {error}
        </p>
      )}
      {asking !== undefined && (
        <Confirm
          title={`Fetch all of ${asking} again?`}
          action="Full resync"
          onConfirm={() => resync(asking)}
          onCancel={() => setAsking(undefined)}
        >
          <p>
            Everything the server has of {asking} is fetched, and rows that it no longer has are taken away. Edits that
            wait to be sent stay. It can take a while and costs as much as a first pull.
          </p>
        </Confirm>
      )}
    </>
  );
}

function Resync({ kind, now }: { readonly kind: InspectedKind; readonly now: number }): ReactNode {
  const progress = resyncProgress(kind);
  if (progress === undefined) return <span className="number">{agoText(kind.lastResyncedAt, now)}</span>;
  return (
    <span className="sc-actions" data-tone="info">
      {progress.share !== undefined && (
        <span className="sc-bar" aria-hidden="true">
          <span style={{ insetInlineStart: 0, inlineSize: `${progress.share * 100}%` }} />
        </span>
      )}
      {progress.text}
    </span>
  );
}
