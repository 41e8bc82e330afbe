import { readFile } from 'node:fs/promises';
import type { SyncEngine } from '../../engine/api/sync-engine.ts';
import { attachDevtools } from '../agent/attach-devtools.ts';
import type { DevtoolsOptions } from '../agent/devtools-agent.ts';
import { serveInspector, type RunningInspector } from './inspector-server.ts';

export interface InspectorOptions extends DevtoolsOptions {
  /** Default: any that is free. */
  readonly port?: number | undefined;
}

/**
 * Serves the panel of an engine of a Node process, on loopback only. Open `url` in a browser: its token lets one panel
 * in. The server does not keep the process alive. Rejects where the port is taken; throws `TypeError` for an engine
 * that `createSyncEngine` did not make.
 */
export async function startInspector(
  engine: SyncEngine,
  { port = 0, ...options }: InspectorOptions = {},
): Promise<RunningInspector> {
  return serveInspector(attachDevtools(engine, options), port, builtPanel);
}

/**
 * The panel as `npm run build` puts it beside the built entry. The layout engine lies one folder up, where
 * `synchart/devtools` finds it, too.
 */
async function builtPanel(name: string): Promise<Uint8Array | undefined> {
  try {
    return await readFile(new URL(name === 'elk.js' ? './elk.js' : `./devtools-panel/${name}`, import.meta.url));
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}
