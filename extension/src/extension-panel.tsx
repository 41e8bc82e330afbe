import { useState, useSyncExternalStore, type ReactNode } from 'react';
import { SelectField } from '../../src/devtools/panel/parts/select-field.tsx';
import { panelStyles } from '../../src/devtools/panel/styles/panel-styles.ts';
import { SyncPanel } from '../../src/devtools/panel/sync-panel.tsx';
import { extensionStyles } from './extension-styles.ts';
import { NoEngine } from './no-engine.tsx';
import type { PageWatch } from './page-watch.ts';

export interface ExtensionPanelProps {
  readonly watch: PageWatch;
  readonly theme: 'light' | 'dark';
}

/** The panel of the browser's devtools: the engine of the inspected page, or what to do where there is none. */
export function ExtensionPanel({ watch, theme }: ExtensionPanelProps): ReactNode {
  const { engines, shown, presence, problem } = useSyncExternalStore(watch.subscribe, watch.getState);
  /** The engine of which the last words are looked at, though it is gone. */
  const [lookedBackAt, setLookedBackAt] = useState<unknown>();
  const isEmpty = presence === 'none' && (shown === undefined || lookedBackAt !== shown.client);
  return (
    <>
      <style>{panelStyles}</style>
      <style>{extensionStyles}</style>
      {/* Hidden, not removed: after a slow reload the same view is to be there. */}
      {shown !== undefined && (
        <div className="sx-frame" hidden={isEmpty}>
          <SyncPanel
            key={shown.key}
            client={shown.client}
            theme={theme}
            controls={
              engines.length > 1 && (
                <SelectField
                  label="Engine"
                  value={engines.find(({ key }) => key === shown.key)?.id ?? ''}
                  options={engines.map(({ id, label }) => [id, label] as const)}
                  onChange={watch.choose}
                />
              )
            }
          />
        </div>
      )}
      {isEmpty && (
        <NoEngine
          theme={theme}
          gone={shown?.label}
          problem={problem}
          onLookBack={() => setLookedBackAt(shown?.client)}
        />
      )}
    </>
  );
}
