import type { ReactNode } from 'react';
import type { FaultSettings } from '../protocol/engine-view.ts';
import { describeDuration } from '../views/words/describe-time.ts';
import { cleanFaults, faultErrors, faultTexts, percent } from '../views/faults-model.ts';
import { useCommand, usePanelState } from './context/panel-context.tsx';
import { EmptyState } from './parts/empty-state.tsx';
import { Problem } from './parts/problem.tsx';
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
  const set = (part: FaultSettings): void =>
    void run({ type: 'setFaults', faults: cleanFaults({ ...faults, ...part }) });
  const {
    offline = false,
    latencyMs = 0,
    errorRate = 0,
    errorType = 'unavailable',
    cutReplies = 0,
    clockSkewMs = 0,
  } = faults;

  return (
    <div className="sc-scroll sc-faults" tabIndex={0} role="group" aria-label="Faults">
      <div className="sc-faults-banner" data-tone={on.length === 0 ? 'ok' : 'error'} role="status">
        <span className="grow">
          {on.length === 0 ? 'No fault is on: calls go through as they are.' : `On now: ${on.join(', ')}.`}
        </span>
        <button
          type="button"
          className="sc-button"
          disabled={on.length === 0 || isRunning || isFixed}
          onClick={() => void run({ type: 'setFaults', faults: {} })}
        >
          All off
        </button>
      </div>
      <Problem text={error} />
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
        <SliderFault
          isFixed={isFixed}
          name="Latency"
          says="Each call begins this much later. Pausing or stopping does not wait for it."
          value={latencyMs}
          min={0}
          max={10_000}
          step={100}
          show={describeDuration}
          onChange={(value) => set({ latencyMs: value })}
        />
        <SliderFault
          isFixed={isFixed}
          {...share}
          name="Errors"
          label="Share of calls that fail"
          says={`This share of calls fails before it reaches the server. Such a failure ${faultErrors.find(([type]) => type === errorType)?.[2] ?? ''}.`}
          value={errorRate}
          onChange={(value) => set({ errorRate: value })}
        >
          {errorRate > 0 && !isFixed && (
            <SelectField
              label="How calls fail"
              value={errorType}
              options={faultErrors.map(([type, label]) => [type, label])}
              onChange={(value) => set({ errorType: value })}
            />
          )}
        </SliderFault>
        <SliderFault
          isFixed={isFixed}
          {...share}
          name="Lost answers"
          label="Share of answers that are lost"
          says="The server has the push, but its answer is lost. The same request goes out again under its key, and is applied once."
          value={cutReplies}
          onChange={(value) => set({ cutReplies: value })}
        />
        <SliderFault
          isFixed={isFixed}
          name="Clock skew"
          says="The server's clock seems this far ahead of the device's, or behind it. Edits are compared by versions and corrected times, so none may win by its clock."
          value={clockSkewMs}
          min={-24 * hourMs}
          max={24 * hourMs}
          step={hourMs / 4}
          show={describeSkew}
          onChange={(value) => set({ clockSkewMs: value })}
        />
      </div>
    </div>
  );
}

const share = { min: 0, max: 1, step: 0.05, show: percent };
const describeSkew = (ms: number): string => `${ms > 0 ? '+' : '−'}${describeDuration(Math.abs(ms))}`;

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

interface SliderFaultProps extends Pick<FaultProps, 'name' | 'says' | 'children'> {
  /** Of the slider; default: the fault's name. */
  readonly label?: string | undefined;
  /** 0 is off. */
  readonly value: number;
  readonly min: number;
  readonly max: number;
  readonly step: number;
  readonly show: (value: number) => string;
  readonly isFixed: boolean;
  readonly onChange: (value: number) => void;
}

/** A fault that has a strength. */
const SliderFault = ({
  name,
  label = name,
  says,
  value,
  min,
  max,
  step,
  show,
  isFixed,
  onChange,
  children,
}: SliderFaultProps): ReactNode => {
  const showOrOff = (shown: number): string => (shown === 0 ? 'off' : show(shown));
  return (
    <Fault name={name} isOn={value !== 0} says={says} control={<output>{showOrOff(value)}</output>}>
      <SliderField
        label={label}
        value={value}
        min={min}
        max={max}
        step={step}
        show={showOrOff}
        disabled={isFixed}
        onChange={onChange}
      />
      {children}
    </Fault>
  );
};
