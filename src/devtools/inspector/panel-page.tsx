/**
 * The page that `startInspector` serves: takes the token from its address, opens a session with it, and shows the
 * panel.
 */
import { createRoot } from 'react-dom/client';
import { createDevtoolsClient } from '../client/devtools-client.ts';
import { SyncPanel } from '../panel/sync-panel.tsx';
import { createRemoteChannel } from './remote-channel.ts';

/** Of this address and port only, and of this tab: a reload keeps the session. */
const keptAs = 'synchart.inspector';

async function sessionKey(): Promise<string | undefined> {
  const address = new URL(location.href);
  const token = address.searchParams.get('token');
  if (token === null) return sessionStorage.getItem(keptAs) ?? undefined;
  // It is of no use any more, and shall not stay in the history.
  history.replaceState(null, '', '/');
  const response = await fetch('/session', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(token),
  });
  if (!response.ok) return sessionStorage.getItem(keptAs) ?? undefined;
  const key = (await response.json()) as string;
  sessionStorage.setItem(keptAs, key);
  return key;
}

const place = document.querySelector('#panel');
const key = await sessionKey();
if (place !== null) {
  const nonce = document.querySelector<HTMLElement>('[data-nonce]')?.dataset['nonce'];
  const root = createRoot(place);
  root.render(
    key === undefined ? (
      <p className="said" role="alert">
        This address was used already. The process that is inspected has a new one: read `url` of its inspector again.
      </p>
    ) : (
      <SyncPanel client={createDevtoolsClient(createRemoteChannel(key))} nonce={nonce} />
    ),
  );
}
