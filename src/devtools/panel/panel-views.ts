import { ChartPanelView } from './chart/chart-view.tsx';
import { ConflictsView } from './conflicts/conflicts-view.tsx';
import { FaultsView } from './faults-view.tsx';
import { NetworkView } from './network/network-view.tsx';
import { OutboxView } from './outbox/outbox-view.tsx';
import type { PanelView } from './context/panel-view.ts';
import { ReplicaView } from './replica/replica-view.tsx';
import { TimelineView } from './timeline/timeline-view.tsx';

/** The views, in the order of their tabs. */
export const panelViews: readonly PanelView[] = [
  { name: 'outbox', label: 'Outbox', view: OutboxView },
  { name: 'chart', label: 'Chart', view: ChartPanelView },
  { name: 'timeline', label: 'Timeline', view: TimelineView },
  { name: 'conflicts', label: 'Conflicts', view: ConflictsView },
  { name: 'replica', label: 'Replica', view: ReplicaView },
  { name: 'network', label: 'Network', view: NetworkView },
  { name: 'faults', label: 'Faults', view: FaultsView },
];
