import { createContext, use } from 'react';
import type { Device } from './device.ts';

export const DeviceContext = createContext<Device | undefined>(undefined);

/** The device whose screen this is. */
export function useDeviceHere(): Device {
  const device = use(DeviceContext);
  if (device === undefined) throw new Error('This screen needs a <DeviceContext value={device}> around it');
  return device;
}
