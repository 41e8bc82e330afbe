'use client';

import { useEffect, useState, type ReactNode } from 'react';
import type { SyncEngine } from 'synchart';
import { SyncProvider } from 'synchart/react';

/** Opens the engine in the page, once: the module keeps it while components come and go. */
export function Sync({ children }: { readonly children: ReactNode }): ReactNode {
  const [engine, setEngine] = useState<SyncEngine | null>(null);
  useEffect(() => {
    void import('./open-engine.ts').then(({ openedEngine }) => openedEngine()).then(setEngine);
  }, []);
  return <SyncProvider engine={engine}>{children}</SyncProvider>;
}
