import { base } from './base.ts';
import { chartStyles } from './chart-styles.ts';
import { conflictStyles } from './conflict-styles.ts';
import { faultsStyles } from './faults-styles.ts';
import { networkStyles } from './network-styles.ts';
import { outboxStyles } from './outbox-styles.ts';
import { replicaStyles } from './replica-styles.ts';
import { statusBarStyles } from './status-bar-styles.ts';
import { timelineStyles } from './timeline-styles.ts';
import { tokens } from './tokens.ts';

/** All styles of the panel as one text: it lives in a shadow root, and loads nothing. */
export const panelStyles = [
  tokens,
  base,
  statusBarStyles,
  outboxStyles,
  conflictStyles,
  chartStyles,
  timelineStyles,
  networkStyles,
  replicaStyles,
  faultsStyles,
].join('\n');
