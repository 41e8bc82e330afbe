import type { ReactNode } from 'react';
import { useStorage } from 'synchart/react';

const places = {
  opfs: 'a file of this browser',
  indexeddb: 'IndexedDB of this browser',
  memory: 'the memory of this tab',
} as const;

/** Where the rows of this device are kept. */
export function StorageLine(): ReactNode {
  const storage = useStorage();
  if (storage === undefined) return null;
  const { mode, role, persisted } = storage;
  return (
    <p className="storage-line">
      Kept in {places[mode]} ({mode === 'opfs' ? 'OPFS' : mode})
      {mode === 'opfs' && (role === 'owner' ? ', opened by this tab' : ', opened by another tab')}
      {mode !== 'memory' &&
        (persisted ? '. The browser keeps it.' : '. The browser may delete it when space runs short.')}
    </p>
  );
}
