import type { ReactNode } from 'react';
import type { ChartTransition, ChartView } from '../../protocol/engine-view.ts';
import type { StateHistory } from '../../views/chart/chart-history.ts';
import { describeDuration, describeTime } from '../../views/words/describe-time.ts';
import { Badge } from '../parts/badge.tsx';
import { DetailPane } from '../parts/detail-pane.tsx';

export interface ChartStateDetailProps {
  readonly chart: ChartView;
  readonly id: string;
  readonly history: StateHistory | undefined;
  readonly isActive: boolean;
  readonly onClose: () => void;
  readonly onSelect: (id: string) => void;
  /** Shows an entry of the log. */
  readonly onEntry: (entryId: number) => void;
}

const parts = [
  ['invokes', 'Runs'],
  ['tags', 'Tags'],
  ['entry', 'On entry'],
  ['exit', 'On exit'],
] as const;

/** One state: how often it was entered, what it runs, where it leads. */
export function ChartStateDetail({
  chart,
  id,
  history,
  isActive,
  onClose,
  onSelect,
  onEntry,
}: ChartStateDetailProps): ReactNode {
  const state = chart.states.find((candidate) => candidate.id === id);
  if (state === undefined) return null;
  const out = chart.transitions.filter(({ source }) => source === id);
  const names = new Map(chart.states.map((candidate) => [candidate.id, candidate.name]));
  return (
    <DetailPane label={`State ${state.name}`} title={state.name} className="sc-chart-detail" onClose={onClose}>
      <section className="sc-section">
        <dl className="sc-facts">
          <dt>Now</dt>
          <dd>{isActive ? <Badge tone="info">active</Badge> : 'not active'}</dd>
          <dt>Entered</dt>
          <dd className="number">
            {history === undefined
              ? 'never, as far as the log reaches'
              : `${history.entered}×, ${describeDuration(history.spentMs)} in all`}
          </dd>
          {history?.lastEntered !== undefined && (
            <>
              <dt>Last</dt>
              <dd className="mono">{describeTime(history.lastEntered)}</dd>
            </>
          )}
          {parts.map(([part, name]) =>
            state[part].length === 0 ? null : (
              <Fact key={part} name={name}>
                {state[part].join(', ')}
              </Fact>
            ),
          )}
        </dl>
      </section>
      {history !== undefined && (
        <section className="sc-section">
          <h3>{history.entered > history.visits.length ? `Last ${history.visits.length} visits` : 'Visits'}</h3>
          <ol className="sc-visits">
            {history.visits.toReversed().map(({ at, cause, tookMs, entryId }) => (
              <li key={entryId}>
                <button
                  type="button"
                  className="sc-button plain mono"
                  title="Show it in the timeline"
                  onClick={() => onEntry(entryId)}
                >
                  {describeTime(at)}
                </button>
                <span className="clip">{cause}</span>
                <span className="quiet number">{tookMs === undefined ? 'now' : describeDuration(tookMs)}</span>
              </li>
            ))}
          </ol>
        </section>
      )}
      <section className="sc-section">
        <h3>Leads to</h3>
        {out.length === 0 && <p className="quiet">Nothing leaves it by itself.</p>}
        <ul className="sc-leads">
          {out.map((transition) => (
            <li key={transition.id}>
              <button type="button" className="sc-button plain" onClick={() => onSelect(transition.target)}>
                {names.get(transition.target)}
              </button>
              <span className="quiet">{describeTransition(transition)}</span>
            </li>
          ))}
        </ul>
      </section>
    </DetailPane>
  );
}

const Fact = ({ name, children }: { readonly name: string; readonly children: ReactNode }): ReactNode => (
  <>
    <dt>{name}</dt>
    <dd className="mono">{children}</dd>
  </>
);

const describeTransition = ({ event, guard, actions }: ChartTransition): string =>
  [
    event === '' ? 'at once' : `on ${event}`,
    guard === undefined ? '' : `if ${guard}`,
    actions.length === 0 ? '' : `does ${actions.join(', ')}`,
  ]
    .filter((part) => part !== '')
    .join(', ');
