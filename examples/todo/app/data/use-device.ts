import { useEffect, useState } from 'react';
import { BrowserStorageError } from 'synchart/browser';
import type { Session } from '../session/session.ts';
import { openDevice, type Device } from './device.ts';

export type DeviceState =
  | { readonly type: 'opening' }
  | { readonly type: 'open'; readonly device: Device }
  /** `lacksStorage`: this browser cannot keep a database; trying again does not help. */
  | { readonly type: 'failed'; readonly message: string; readonly lacksStorage: boolean };

export interface DeviceHook {
  readonly state: DeviceState;
  readonly tryAgain: () => void;
}

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

export function useDevice(name: string, session: Session, allowMemory: boolean): DeviceHook {
  const [state, setState] = useState<DeviceState>({ type: 'opening' });
  const [attempt, setAttempt] = useState(0);
  useEffect(() => {
    let isCurrent = true;
    const opened = turn.then(() => (isCurrent ? openDevice(name, session, { allowMemory }) : undefined));
    turn = opened.catch(() => undefined);
    opened.then(
      (device) => {
        if (isCurrent && device !== undefined) setState({ type: 'open', device });
      },
      (error: unknown) => {
        if (!isCurrent) return;
        const message = error instanceof Error ? error.message : String(error);
        setState({ type: 'failed', message, lacksStorage: isStorageLack(error) });
      },
    );
    return () => {
      isCurrent = false;
      setState({ type: 'opening' });
      turn = opened.then((device) => device?.close()).catch(() => undefined);
    };
  }, [name, session, allowMemory, attempt]);
  return { state, tryAgain: () => setAttempt(attempt + 1) };
}

const isStorageLack = (error: unknown): boolean =>
  error instanceof BrowserStorageError && (error.problem === 'noDurableStorage' || error.problem === 'insecureContext');
