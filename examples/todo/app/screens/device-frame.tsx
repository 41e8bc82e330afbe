import { useEffect, useState, type ReactNode } from 'react';
import { SyncProvider } from 'synchart/react';
import type { Device } from '../data/device.ts';
import { DeviceContext } from '../data/device-context.ts';
import { useDevice } from '../data/use-device.ts';
import { ToastArea } from '../parts/toasts.tsx';
import type { Session } from '../session/session.ts';
import { DeviceScreen } from './device-screen.tsx';

/** Opens the database of a device, and says what to do where that fails. */
export function DeviceFrame(props: {
  readonly name: string;
  readonly session: Session;
  readonly isFirst: boolean;
}): ReactNode {
  const { name, session, isFirst } = props;
  const [allowMemory, setAllowMemory] = useState(false);
  const { state, tryAgain } = useDevice(name, session, allowMemory);
  if (state.type === 'opening')
    return (
      <section className="device" aria-busy="true" aria-label={`The ${name}`}>
        <p className="empty">Opening the database…</p>
      </section>
    );
  if (state.type === 'failed')
    return (
      <section className="device" aria-label={`The ${name}`}>
        <div className="notice" data-tone="error" role="alert">
          <h2>{state.lacksStorage ? 'This browser keeps nothing for us' : 'The database did not open'}</h2>
          <p>{state.message}</p>
          {state.lacksStorage && !allowMemory ? (
            <button type="button" className="button" onClick={() => setAllowMemory(true)}>
              Go on in memory, and lose it with this tab
            </button>
          ) : (
            <button type="button" className="button" onClick={tryAgain}>
              Try again
            </button>
          )}
        </div>
      </section>
    );
  return (
    <SyncProvider engine={state.device.engine}>
      <DeviceContext value={state.device}>
        <ToastArea>
          {isFirst && <Devtools device={state.device} />}
          <DeviceScreen session={session} />
        </ToastArea>
      </DeviceContext>
    </SyncProvider>
  );
}

/** The devtools of synchart, docked to the page. Their code is loaded after the app is on the screen. */
function Devtools({ device }: { readonly device: Device }): null {
  useEffect(() => {
    let isCurrent = true;
    let unmount = (): void => undefined;
    void import('synchart/devtools').then(({ mountSyncDevtools }) => {
      if (isCurrent)
        unmount = mountSyncDevtools(device.engine, document.body, { name: `${device.user}, ${device.name}` });
    });
    return () => {
      isCurrent = false;
      unmount();
    };
  }, [device]);
  return null;
}
