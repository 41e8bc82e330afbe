import { useEffect, useState, type ReactNode } from 'react';

export interface SliderFieldProps {
  readonly label: string;
  readonly value: number;
  readonly min: number;
  readonly max: number;
  readonly step: number;
  readonly show: (value: number) => string;
  readonly disabled?: boolean | undefined;
  /** Called when the hand lets go, or a key was pressed: not for each place on the way. */
  readonly onChange: (value: number) => void;
}

/** A number between two others. While it is moved it shows where it would be. */
export function SliderField({ label, value, min, max, step, show, disabled, onChange }: SliderFieldProps): ReactNode {
  const [moving, setMoving] = useState<number>();
  const shown = moving ?? value;
  // What the engine has counts again as soon as it changes.
  useEffect(() => setMoving(undefined), [value]);
  const settle = (): void => {
    if (moving !== undefined && moving !== value) onChange(moving);
  };
  return (
    <input
      type="range"
      aria-label={label}
      aria-valuetext={show(shown)}
      min={min}
      max={max}
      step={step}
      value={shown}
      disabled={disabled}
      onChange={(event) => setMoving(Number(event.target.value))}
      onPointerUp={settle}
      onKeyUp={settle}
      onBlur={settle}
    />
  );
}
