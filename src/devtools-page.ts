/** `synchart/devtools/page`: connects the engines of a page to the panel in the browser's devtools. Needs no React. */
export { attachDevtools } from './devtools/agent/attach-devtools.ts';
export type { DevtoolsAgent, DevtoolsOptions } from './devtools/agent/devtools-agent.ts';
export { exposeSyncDevtools } from './devtools/bridge/expose-sync-devtools.ts';
export type { ExposeOptions } from './devtools/bridge/expose-sync-devtools.ts';
