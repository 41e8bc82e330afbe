import { useEffect, useId, useRef, useState, type DragEvent, type KeyboardEvent, type ReactNode } from 'react';
import type { DevtoolsClient } from '../client/devtools-client.ts';
import { EngineNeeded } from './engine-needed.tsx';
import { FileControls, FileProblem } from './file-controls.tsx';
import { PanelProvider } from './context/panel-context.tsx';
import type { PanelViewName } from './context/panel-view.ts';
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

interface Place {
  readonly shown: PanelViewName;
  readonly focus?: string | undefined;
  readonly turn: number;
}

/** The whole panel: the status bar, and one view at a time. Fills the element it is in. */
export function SyncPanel({ client, initialView = 'outbox', theme, nonce, controls }: SyncPanelProps): ReactNode {
  const [{ shown, focus, turn }, setPlace] = useState<Place>({ shown: initialView, turn: 0 });
  // A new turn each time: what was opened, closed and is opened once more is shown once more.
  const open = (view: PanelViewName, on?: string): void =>
    setPlace((before) => ({ shown: view, focus: on, turn: before.turn + 1 }));
  const tabs = useRef<HTMLDivElement>(null);
  const id = useId();
  const file = useSavedFile();
  const active = panelViews.find(({ name }) => name === shown) ?? panelViews[0];
  const View = active?.view;
  // A panel that is not drawn wants no log.
  useEffect(() => client.follow(), [client]);

  const onKeyDown = (event: KeyboardEvent): void => {
    const index = panelViews.findIndex(({ name }) => name === shown);
    const places: Readonly<Record<string, number>> = { ArrowRight: index + 1, ArrowLeft: index - 1, Home: 0, End: -1 };
    const place = places[event.key];
    const next = place === undefined ? undefined : panelViews.at(place % panelViews.length);
    if (next === undefined) return;
    event.preventDefault();
    open(next.name);
    tabs.current?.querySelector<HTMLButtonElement>(`[data-view="${next.name}"]`)?.focus();
  };

  // In a narrow panel the tabs scroll.
  useEffect(() => {
    tabs.current?.querySelector(`[data-view="${shown}"]`)?.scrollIntoView({ block: 'nearest', inline: 'nearest' });
  }, [shown]);

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
      <section
        className="synchart"
        data-theme={theme}
        aria-label="synchart devtools"
        onDragOver={onDragOver}
        onDrop={onDrop}
      >
        <StatusBar onOpen={(view) => open(view)}>
          <FileControls file={file} />
          {controls}
        </StatusBar>
        <FileProblem file={file} />
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
          <EngineNeeded>{View !== undefined && <View key={turn} onOpen={open} focus={focus} />}</EngineNeeded>
        </div>
      </section>
    </PanelProvider>
  );
}
