/**
 * `synchart/devtools/node`: inspects an engine in a Node process from a browser on the same machine. Needs neither
 * React nor a bundler.
 */
export { attachDevtools } from './devtools/agent/attach-devtools.ts';
export type { DevtoolsAgent, DevtoolsOptions } from './devtools/agent/devtools-agent.ts';
export type { RunningInspector } from './devtools/inspector/inspector-server.ts';
export { startInspector } from './devtools/inspector/start-inspector.ts';
export type { InspectorOptions } from './devtools/inspector/start-inspector.ts';
export { inspectWithStately } from './devtools/stately/inspect-with-stately.ts';
export type { StatelyOptions } from './devtools/stately/inspect-with-stately.ts';
