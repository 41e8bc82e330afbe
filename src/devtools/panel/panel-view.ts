import type { ComponentType } from 'react';

export type PanelViewName = 'outbox' | 'chart' | 'timeline' | 'conflicts' | 'replica' | 'network' | 'faults';

export interface PanelViewProps {
  /** Goes to another view. */
  readonly onOpen: (view: PanelViewName) => void;
}

export interface PanelView {
  readonly name: PanelViewName;
  readonly label: string;
  readonly view: ComponentType<PanelViewProps>;
}
