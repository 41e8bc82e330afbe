import { deleteBrowserDatabase } from 'synchart/browser';
import { databaseName } from '../data/device.ts';

/** Removes everything that the app keeps in this browser: databases, service worker, files, settings. */
export async function leaveDemo(users: readonly string[], devices: readonly string[]): Promise<void> {
  for (const user of users) for (const device of devices) await deleteBrowserDatabase(databaseName(user, device));
  for (const registration of (await navigator.serviceWorker?.getRegistrations()) ?? []) await registration.unregister();
  for (const name of await caches.keys()) await caches.delete(name);
  localStorage.clear();
}
