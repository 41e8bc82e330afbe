import type { ComponentType } from 'react';

export const panelViewNames = ['outbox', 'chart', 'timeline', 'conflicts', 'replica', 'network', 'faults'] as const;
export type PanelViewName = (typeof panelViewNames)[number];

export interface PanelViewProps {
  /** Goes to another view; `focus` names what it is to show there, such as an operation of the outbox. */
  readonly onOpen: (view: PanelViewName, focus?: string) => void;
  /** What this view was opened for. */
  readonly focus?: string | undefined;
}

export interface PanelView {
  readonly name: PanelViewName;
  readonly label: string;
  readonly view: ComponentType<PanelViewProps>;
}
