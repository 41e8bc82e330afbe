import type { ReactNode } from 'react';
import { SyncProvider } from 'synchart/react';
import { List } from './list.tsx';
import { Sync } from './sync.tsx';

/** Renders for each request. */
export const dynamic = 'force-dynamic';

/** A component of the server. Only 'use client' inside the package lets it use the provider itself. */
export default function Page(): ReactNode {
  const initial = [{ id: 's', title: 'Soap of the server' }];
  return (
    <main>
      <SyncProvider engine={null}>
        <List name="still" initial={initial} />
      </SyncProvider>
      <Sync>
        <List name="live" initial={initial} />
      </Sync>
    </main>
  );
}
