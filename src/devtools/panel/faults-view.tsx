import type { ReactNode } from 'react';
import type { FaultSettings } from '../protocol/engine-view.ts';
import { describeDuration } from '../views/describe-time.ts';
import { cleanFaults, faultErrors, faultTexts, percent } from '../views/faults-model.ts';
import { useCommand, usePanelState } from './panel-context.tsx';
import { EmptyState } from './parts/empty-state.tsx';
import { SelectField } from './parts/select-field.tsx';
import { SliderField } from './parts/slider-field.tsx';

const hourMs = 3_600_000;

/** Trouble on purpose, between the engine and its transport: what the app does when the network is bad. */
export function FaultsView(): ReactNode {
  const { view, connection } = usePanelState();
  const { run, isRunning, error } = useCommand();
  if (view === undefined) return <EmptyState title="No engine yet" />;
  const { faults } = view;
  const isFixed = connection !== 'connected';
  const on = faultTexts(faults);
  const set = (part: FaultSettings): void => void run({ type: 'setFaults', faults: cleanFaults({ ...faults, ...part }) });
  const { offline = false, latencyMs = 0, errorRate = 0, errorType = 'unavailable', cutReplies = 0, clockSkewMs = 0 } = faults;

  return (
    <div className="sc-scroll sc-faults" tabIndex={0} role="group" aria-label="Faults">
      <div className="sc-faults-banner" data-tone={on.length === 0 ? 'ok' : 'error'} role="status">
        <span className="grow">{on.length === 0 ? 'No fault is on: calls go through as they are.' : `On now: ${on.join(', ')}.`}</span>
        <button
          type="button"
          className="sc-button"
          disabled={on.length === 0 || isRunning || isFixed}
          onClick={() => void run({ type: 'setFaults', faults: {} })}
        >
          All off
        </button>
      </div>
      {error !== undefined && (
        <p className="sc-note" data-tone="error" role="alert">
          {error}
        </p>
      )}
      <div className="sc-fault-list">
        <Fault
          name="Offline"
          isOn={offline}
          says="Nothing goes out and nothing comes in. Writes queue up, and go out when it is off again. It survives a reload of the page."
          control={
            <button
              type="button"
              className="sc-switch"
              role="switch"
              aria-checked={offline}
              aria-label="Offline"
              disabled={isFixed}
              onClick={() => set({ offline: !offline })}
            >
              {offline ? 'on' : 'off'}
            </button>
          }
        />
        <Fault
          name="Latency"
          isOn={latencyMs > 0}
          says="Each call begins this much later. Pausing or stopping does not wait for it."
          control={<output>{latencyMs === 0 ? 'off' : describeDuration(latencyMs)}</output>}
        >
          <SliderField
            label="Latency"
            value={latencyMs}
            min={0}
            max={10_000}
            step={100}
            show={describeDuration}
            disabled={isFixed}
            onChange={(value) => set({ latencyMs: value })}
          />
        </Fault>
        <Fault
          name="Errors"
          isOn={errorRate > 0}
          says={`This share of calls fails before it reaches the server. Such a failure ${faultErrors.find(([type]) => type === errorType)?.[2] ?? ''}.`}
          control={<output>{errorRate === 0 ? 'off' : percent(errorRate)}</output>}
        >
          <SliderField
            label="Share of calls that fail"
            value={errorRate}
            min={0}
            max={1}
            step={0.05}
            show={percent}
            disabled={isFixed}
            onChange={(value) => set({ errorRate: value })}
          />
          {errorRate > 0 && !isFixed && (
            <SelectField
              label="How calls fail"
              value={errorType}
              options={faultErrors.map(([type, label]) => [type, label])}
              onChange={(value) => set({ errorType: faultErrors.find(([type]) => type === value)?.[0] ?? 'unavailable' })}
            />
          )}
        </Fault>
        <Fault
          name="Lost answers"
          isOn={cutReplies > 0}
          says="The server has the push, but its answer is lost. The same request goes out again under its key, and is applied once."
          control={<output>{cutReplies === 0 ? 'off' : percent(cutReplies)}</output>}
        >
          <SliderField
            label="Share of answers that are lost"
            value={cutReplies}
            min={0}
            max={1}
            step={0.05}
            show={percent}
            disabled={isFixed}
            onChange={(value) => set({ cutReplies: value })}
          />
        </Fault>
        <Fault
          name="Clock skew"
          isOn={clockSkewMs !== 0}
          says="The server's clock seems this far ahead of the device's, or behind it. Edits are compared by versions and corrected times, so none may win by its clock."
          control={<output>{showSkew(clockSkewMs)}</output>}
        >
          <SliderField
            label="Clock skew"
            value={clockSkewMs}
            min={-24 * hourMs}
            max={24 * hourMs}
            step={hourMs / 4}
            show={showSkew}
            disabled={isFixed}
            onChange={(value) => set({ clockSkewMs: value })}
          />
        </Fault>
      </div>
    </div>
  );
}

const showSkew = (ms: number): string => (ms === 0 ? 'off' : `${ms > 0 ? '+' : '−'}${describeDuration(Math.abs(ms))}`);

interface FaultProps {
  readonly name: string;
  readonly isOn: boolean;
  /** What it does, in a sentence or two. */
  readonly says: string;
  /** What stands beside the name. */
  readonly control: ReactNode;
  readonly children?: ReactNode;
}

const Fault = ({ name, isOn, says, control, children }: FaultProps): ReactNode => (
  <section className="sc-fault" data-on={isOn} aria-label={name}>
    <h3>
      {name}
      {control}
    </h3>
    <p className="quiet">{says}</p>
    {children}
  </section>
);
