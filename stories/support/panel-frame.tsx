import { useMemo, type ReactNode } from 'react';
import { createBundleClient } from '../../src/devtools/client/bundle-client.ts';
import type { DevtoolsClient } from '../../src/devtools/client/devtools-client.ts';
import type { PanelViewName } from '../../src/devtools/panel/context/panel-view.ts';
import { SyncPanel } from '../../src/devtools/panel/sync-panel.tsx';
import type { Json } from '../../src/model/values/json.ts';

export interface PanelFrameProps {
  /** A captured bundle. */
  readonly bundle?: Json;
  /** Instead of a bundle: an engine that answers. */
  readonly client?: DevtoolsClient;
  readonly view: PanelViewName;
  readonly theme?: 'light' | 'dark';
  readonly width?: number;
  readonly height?: number;
}

/** The panel in a box of a size, as it is docked in a page. */
export function PanelFrame({ bundle, client, view, theme = 'light', width, height = 560 }: PanelFrameProps): ReactNode {
  const shown = useMemo(() => client ?? createBundleClient(bundle ?? null), [client, bundle]);
  return (
    <div style={{ inlineSize: width ?? '100%', blockSize: height }}>
      <SyncPanel client={shown} initialView={view} theme={theme} />
    </div>
  );
}
