import { readFile } from 'node:fs/promises';
import type { SyncEngine } from '../../engine/api/sync-engine.ts';
import { aPort, valueThat } from '../../model/options/bounds.ts';
import { byDefault, type OptionList } from '../../model/options/option-list.ts';
import { attachDevtools } from '../agent/attach-devtools.ts';
import { checkDevtoolsOptions, devtoolsOptions, type DevtoolsOptions } from '../agent/devtools-agent.ts';
import { serveInspector, type RunningInspector } from './inspector-server.ts';

export interface InspectorOptions extends DevtoolsOptions {
  /** Port to listen on; 0 takes a free one. @defaultValue 0 */
  readonly port?: number | undefined;
  /**
   * Further names under which a browser reaches the server, as exact `host:port`. The local end of an SSH tunnel is
   * one, such as `localhost:9000`. Requests under any other name are refused. @defaultValue []
   */
  readonly hosts?: readonly string[] | undefined;
}

const exactNames = valueThat(
  'a list of exact names with their ports, such as localhost:9000',
  (value) => Array.isArray(value) && value.every((name) => /^([a-z0-9.-]+|\[[0-9a-f:]+\]):\d{1,5}$/.test(String(name))),
);

/** Defaults and bounds of {@link InspectorOptions}. */
export const inspectorOptions = {
  port: byDefault(0, aPort),
  hosts: byDefault<readonly string[]>([], exactNames),
  ...devtoolsOptions,
} satisfies OptionList<InspectorOptions>;

/**
 * Serves the panel of an engine of a Node process, on loopback only. Open `url` in a browser: its token lets one panel
 * in. The server does not keep the process alive. Rejects where the port is taken; throws `TypeError` for an engine
 * that `createSyncEngine` did not make.
 */
export async function startInspector(engine: SyncEngine, given: InspectorOptions = {}): Promise<RunningInspector> {
  checkDevtoolsOptions('startInspector', inspectorOptions, given);
  const { port = inspectorOptions.port.fallback, hosts = inspectorOptions.hosts.fallback, ...options } = given;
  return serveInspector(attachDevtools(engine, options), port, builtPanel, hosts);
}

/** The panel as `npm run build` puts it beside the built entry. */
async function builtPanel(name: string): Promise<Uint8Array | undefined> {
  try {
    return await readFile(new URL(`./devtools-panel/${name}`, import.meta.url));
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}
