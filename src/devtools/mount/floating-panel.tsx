import {
  useEffect,
  useRef,
  useState,
  type PointerEvent as ReactPointerEvent,
  type KeyboardEvent,
  type ReactNode,
} from 'react';
import type { DevtoolsClient } from '../client/devtools-client.ts';
import { IconButton } from '../panel/parts/icon-button.tsx';
import { SyncPanel } from '../panel/sync-panel.tsx';
import { panelStyles } from '../panel/styles/panel-styles.ts';
import { remember, type Dock, type KeyValueStorage, type Remembered } from './remembered.ts';
import { floatingStyles } from './floating-styles.ts';
import { BadgeButton } from './badge-button.tsx';
import { makeRoom } from './make-room.ts';
import { openPanelWindow } from './panel-window.ts';

export interface FloatingPanelProps {
  readonly client: DevtoolsClient;
  readonly initial: Remembered;
  readonly storage: KeyValueStorage | undefined;
  readonly storageKey: string;
  readonly nonce?: string | undefined;
}

const least = 160;

/** The button in the corner of a page, and the panel docked to one of its sides. */
export function FloatingPanel({ client, initial, storage, storageKey, nonce }: FloatingPanelProps): ReactNode {
  const [kept, setKept] = useState(initial);
  const button = useRef<HTMLButtonElement>(null);
  const change = (part: Partial<Remembered>): void => setKept((before) => ({ ...before, ...part }));
  useEffect(() => remember(storage, storageKey, kept), [storage, storageKey, kept]);

  // The latch outlives the page only while it is on.
  useEffect(
    () =>
      client.subscribe(() => {
        const offline = client.getState().view?.faults.offline === true;
        setKept((before) => (before.offline === offline ? before : { ...before, offline }));
      }),
    [client],
  );

  const close = (): void => {
    change({ isOpen: false });
    button.current?.focus();
  };
  const dock = (where: Dock): void => {
    if (where === 'window') {
      if (openPanelWindow(client, { theme: kept.theme, nonce })) change({ isOpen: false });
    } else change({ dock: where });
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    // An open dialog has the first word.
    if (
      event.key === 'Escape' &&
      !event.defaultPrevented &&
      !(event.target instanceof Element && event.target.closest('dialog') !== null)
    )
      close();
  };
  const side = kept.dock === 'right' ? 'right' : 'bottom';
  const size = kept.size[side];
  useEffect(
    () => (kept.isOpen ? makeRoom(globalThis.document.documentElement, side, size) : undefined),
    [kept.isOpen, side, size],
  );
  const isDark =
    kept.theme === 'dark' ||
    (kept.theme === undefined && globalThis.matchMedia('(prefers-color-scheme: dark)').matches);

  return (
    <>
      <style nonce={nonce}>{`${panelStyles}\n${floatingStyles}`}</style>
      <BadgeButton
        ref={button}
        client={client}
        isOpen={kept.isOpen}
        theme={kept.theme}
        onClick={() => (kept.isOpen ? close() : change({ isOpen: true }))}
      />
      {kept.isOpen && (
        <div
          className={`sc-dock ${side}`}
          style={side === 'bottom' ? { blockSize: kept.size.bottom } : { inlineSize: kept.size.right }}
          onKeyDown={onKeyDown}
        >
          <Splitter
            side={side}
            size={kept.size[side]}
            onSize={(size) => change({ size: { ...kept.size, [side]: size } })}
          />
          <SyncPanel
            client={client}
            theme={kept.theme}
            nonce={nonce}
            controls={
              <>
                <IconButton
                  icon="moon"
                  label={isDark ? 'Light colours' : 'Dark colours'}
                  onClick={() => change({ theme: isDark ? 'light' : 'dark' })}
                />
                <IconButton
                  icon="dock"
                  label={side === 'bottom' ? 'Dock at the right' : 'Dock at the bottom'}
                  onClick={() => dock(side === 'bottom' ? 'right' : 'bottom')}
                />
                <IconButton icon="window" label="Open in a window" onClick={() => dock('window')} />
                <IconButton icon="close" label="Close the panel" onClick={close} />
              </>
            }
          />
        </div>
      )}
    </>
  );
}

interface SplitterProps {
  readonly side: 'bottom' | 'right';
  readonly size: number;
  readonly onSize: (size: number) => void;
}

/** The edge that is drawn to make the panel larger; by keyboard with the arrows. */
function Splitter({ side, size, onSize }: SplitterProps): ReactNode {
  const most = side === 'bottom' ? globalThis.innerHeight - 40 : globalThis.innerWidth - 40;
  const set = (next: number): void => onSize(Math.round(Math.min(Math.max(least, most), Math.max(least, next))));
  const onPointerMove = (event: ReactPointerEvent): void => {
    if (event.buttons === 1)
      set(side === 'bottom' ? globalThis.innerHeight - event.clientY : globalThis.innerWidth - event.clientX);
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const [more, less] = side === 'bottom' ? ['ArrowUp', 'ArrowDown'] : ['ArrowLeft', 'ArrowRight'];
    if (event.key !== more && event.key !== less) return;
    event.preventDefault();
    set(size + (event.key === more ? 24 : -24));
  };
  return (
    <div
      className="sc-splitter"
      role="separator"
      tabIndex={0}
      aria-label="Size of the panel"
      aria-orientation={side === 'bottom' ? 'horizontal' : 'vertical'}
      aria-valuenow={size}
      aria-valuemin={least}
      aria-valuemax={Math.max(least, most)}
      onPointerDown={(event) => event.currentTarget.setPointerCapture(event.pointerId)}
      onPointerMove={onPointerMove}
      onKeyDown={onKeyDown}
    />
  );
}
