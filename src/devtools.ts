/**
 * `synchart/devtools`: shows what an engine does and why an operation waits, and repairs it. Works in a page, in a
 * React app, or over any channel.
 */
export { attachDevtools } from './devtools/agent/attach-devtools.ts';
export type { DevtoolsAgent, DevtoolsOptions } from './devtools/agent/devtools-agent.ts';
export { exposeSyncDevtools } from './devtools/bridge/expose-sync-devtools.ts';
export type { ExposeOptions } from './devtools/bridge/expose-sync-devtools.ts';
export { createBundleClient } from './devtools/client/bundle-client.ts';
export { createDevtoolsClient } from './devtools/client/devtools-client.ts';
export type { DevtoolsClient, PanelState } from './devtools/client/devtools-client.ts';
export type { InspectionLog } from './devtools/log/inspection-log.ts';
export type { Redaction } from './devtools/log/redact.ts';
export { mountSyncDevtools } from './devtools/mount/mount-sync-devtools.ts';
export type { MountOptions } from './devtools/mount/mount-sync-devtools.ts';
export { SyncDevtools } from './devtools/mount/sync-devtools.tsx';
export type { SyncDevtoolsProps } from './devtools/mount/sync-devtools.tsx';
export type { Bundle } from './devtools/protocol/bundle.ts';
export type { ChartView, EngineDescription, EngineView, FaultSettings } from './devtools/protocol/engine-view.ts';
export { createLocalChannel } from './devtools/protocol/local-channel.ts';
export type { LogEntry } from './devtools/protocol/log-entry.ts';
export { protocolVersion } from './devtools/protocol/messages.ts';
export type {
  DevtoolsChannel,
  DevtoolsCommand,
  DevtoolsQueries,
  EngineMessage,
  PanelMessage,
} from './devtools/protocol/messages.ts';
export { inspectWithStately } from './devtools/stately/inspect-with-stately.ts';
export type { StatelyOptions } from './devtools/stately/inspect-with-stately.ts';
