import { useId, useRef, useState, type DragEvent, type KeyboardEvent, type ReactNode } from 'react';
import type { DevtoolsClient } from '../client/devtools-client.ts';
import { FileControls } from './file-controls.tsx';
import { PanelProvider } from './panel-context.tsx';
import type { PanelViewName } from './panel-view.ts';
import { panelViews } from './panel-views.ts';
import { StatusBar } from './status-bar.tsx';
import { panelStyles } from './styles/panel-styles.ts';
import { useSavedFile } from './use-saved-file.ts';

export interface SyncPanelProps {
  readonly client: DevtoolsClient;
  readonly initialView?: PanelViewName | undefined;
  /** Default: as the system is set. */
  readonly theme?: 'light' | 'dark' | undefined;
  /** For a page whose policy allows only styles with this nonce. */
  readonly nonce?: string | undefined;
  /** Further buttons of the status bar, such as for docking. */
  readonly controls?: ReactNode;
}

/** The whole panel: the status bar, and one view at a time. Fills the element it is in. */
export function SyncPanel({ client, initialView = 'outbox', theme, nonce, controls }: SyncPanelProps): ReactNode {
  const [{ shown, focus }, setPlace] = useState<{ readonly shown: PanelViewName; readonly focus?: string | undefined }>({ shown: initialView });
  const open = (view: PanelViewName, on?: string): void => setPlace({ shown: view, focus: on });
  const tabs = useRef<HTMLDivElement>(null);
  const id = useId();
  const file = useSavedFile();
  const active = panelViews.find(({ name }) => name === shown) ?? panelViews[0];
  const View = active?.view;

  const onKeyDown = (event: KeyboardEvent): void => {
    const step = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0;
    if (step === 0) return;
    event.preventDefault();
    const index = panelViews.findIndex(({ name }) => name === shown);
    const next = panelViews[(index + step + panelViews.length) % panelViews.length];
    if (next === undefined) return;
    open(next.name);
    tabs.current?.querySelector<HTMLButtonElement>(`[data-view="${next.name}"]`)?.focus();
  };

  const onDragOver = (event: DragEvent): void => {
    if (event.dataTransfer.types.includes('Files')) event.preventDefault();
  };
  const onDrop = (event: DragEvent): void => {
    const [dropped] = event.dataTransfer.files;
    if (dropped === undefined) return;
    event.preventDefault();
    file.open(dropped);
  };

  return (
    // A file is another engine to the views: nothing of the one before may stay.
    <PanelProvider key={file.client === undefined ? 'engine' : 'file'} client={file.client ?? client}>
      <style nonce={nonce}>{panelStyles}</style>
      <section className="synchart" data-theme={theme} aria-label="synchart devtools" onDragOver={onDragOver} onDrop={onDrop}>
        <StatusBar onOpen={(view) => open(view)}>
          <FileControls file={file} />
          {controls}
        </StatusBar>
        <div className="sc-tabs" role="tablist" aria-label="Views" ref={tabs} onKeyDown={onKeyDown}>
          {panelViews.map(({ name, label }) => (
            <button
              key={name}
              type="button"
              role="tab"
              data-view={name}
              id={`${id}-${name}`}
              className="sc-tab"
              aria-selected={name === shown}
              aria-controls={`${id}-view`}
              tabIndex={name === shown ? 0 : -1}
              onClick={() => open(name)}
            >
              {label}
            </button>
          ))}
        </div>
        <div className="sc-view" role="tabpanel" id={`${id}-view`} aria-labelledby={`${id}-${shown}`}>
          {View !== undefined && <View key={focus} onOpen={open} focus={focus} />}
        </div>
      </section>
    </PanelProvider>
  );
}
