import { useEffect, useState, type ReactNode } from 'react';
import { Workbox } from 'workbox-window';

/** Installs the service worker, and asks before a new release of the app takes over. */
export function AppUpdate(): ReactNode {
  const [waiting, setWaiting] = useState<Workbox>();
  useEffect(() => {
    if (!('serviceWorker' in navigator)) return;
    const workbox = new Workbox('/service-worker.js');
    workbox.addEventListener('waiting', () => setWaiting(workbox));
    void workbox.register();
  }, []);
  if (waiting === undefined) return null;
  return (
    <div className="notice" role="status">
      <p>
        <strong>A new version is ready.</strong> What you wrote is kept, sent or not.
      </p>
      <button type="button" className="button primary" onClick={() => void takeOver(waiting)}>
        Reload
      </button>
    </div>
  );
}

/** Where another tab has let the new release take over already, this one only has to load it. */
async function takeOver(workbox: Workbox): Promise<void> {
  const registration = await navigator.serviceWorker.getRegistration();
  if (registration?.waiting === undefined || registration.waiting === null) {
    location.reload();
    return;
  }
  workbox.addEventListener('controlling', () => location.reload());
  workbox.messageSkipWaiting();
}
