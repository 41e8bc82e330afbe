/**
 * A page with components and their styles, with names of the installed package. `check-install.ts` copies it into an
 * empty folder and bundles it there.
 */
import { createRoot } from 'react-dom/client';
import { SyncProvider } from 'synchart/react';
import { ConflictDialog, RejectedList, StorageNotice, SyncIndicator } from 'synchart/react/ui';
import 'synchart/react/ui.css';

const element = document.createElement('div');
document.body.append(element);
createRoot(element).render(
  <SyncProvider engine={null}>
    <SyncIndicator />
    <StorageNotice />
    <RejectedList />
    <ConflictDialog />
  </SyncProvider>,
);
