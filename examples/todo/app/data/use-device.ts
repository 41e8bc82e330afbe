import { useEffect, useState } from 'react';
import type { Session } from '../session/session.ts';
import { openDevice, type Device } from './device.ts';

export type DeviceState =
  | { readonly type: 'opening' }
  | { readonly type: 'open'; readonly device: Device }
  | { readonly type: 'failed'; readonly message: string };

/** Devices are opened and closed one after another, so that a remount in StrictMode finds the database closed. */
let turn: Promise<unknown> = Promise.resolve();

/** Resolves when no device is being opened or closed. */
export async function whenDevicesRest(): Promise<void> {
  let last: Promise<unknown>;
  do {
    last = turn;
    await last;
  } while (last !== turn);
}

export function useDevice(name: string, session: Session, allowMemory: boolean): DeviceState {
  const [state, setState] = useState<DeviceState>({ type: 'opening' });
  useEffect(() => {
    let isCurrent = true;
    const opened = turn.then(() => (isCurrent ? openDevice(name, session, { allowMemory }) : undefined));
    turn = opened.catch(() => undefined);
    opened.then(
      (device) => {
        if (isCurrent && device !== undefined) setState({ type: 'open', device });
      },
      (error: unknown) => {
        if (isCurrent) setState({ type: 'failed', message: error instanceof Error ? error.message : String(error) });
      },
    );
    return () => {
      isCurrent = false;
      setState({ type: 'opening' });
      turn = opened.then((device) => device?.close()).catch(() => undefined);
    };
  }, [name, session, allowMemory]);
  return state;
}
