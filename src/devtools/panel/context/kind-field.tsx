import type { ReactNode } from 'react';
import { usePanelState } from './panel-context.tsx';
import { SelectField } from '../parts/select-field.tsx';

/** One kind of the engine, or '' for all of them. */
export function KindField({
  value,
  onChange,
}: {
  readonly value: string;
  readonly onChange: (kind: string) => void;
}): ReactNode {
  const { engine } = usePanelState();
  return (
    <SelectField
      label="Kind"
      value={value}
      options={[['', 'All kinds'], ...(engine?.kinds ?? []).map(({ kind }) => [kind, kind] as const)]}
      onChange={onChange}
    />
  );
}
