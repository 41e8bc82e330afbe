import { StrictMode, type ReactNode } from 'react';
import { hydrateRoot } from 'react-dom/client';
import { renderToString } from 'react-dom/server';
import { expect, onTestFinished, test, vi } from 'vitest';
import { page } from 'vitest/browser';
import type { SyncEngine } from '../../../src/engine/api/sync-engine.ts';
import { SyncProvider } from '../../../src/react.ts';
import { ConflictDialog, RejectedList, StorageNotice, SyncIndicator } from '../../../src/react-ui.ts';
import { editBoth, openUiBench } from './ui-scenes.ts';

const app = (engine: SyncEngine | null): ReactNode => (
  <StrictMode>
    <SyncProvider engine={engine}>
      <SyncIndicator />
      <StorageNotice />
      <RejectedList />
      <ConflictDialog />
    </SyncProvider>
  </StrictMode>
);

test('a server renders the components without an engine, and the page hydrates without a mismatch', async () => {
  const bench = await openUiBench();
  await editBoth(bench);
  const element = document.createElement('div');
  element.innerHTML = renderToString(app(null));
  expect(element.querySelector('button')?.textContent).toBe('Starting');
  document.body.append(element);
  const errors: unknown[] = [];
  const complaints = vi.spyOn(console, 'error');
  const root = hydrateRoot(element, app(bench.engine), { onRecoverableError: (error) => errors.push(error) });
  onTestFinished(async () => {
    root.unmount();
    element.remove();
    complaints.mockRestore();
    await bench.close();
  });
  await expect.element(page.getByRole('button', { name: 'Decide', exact: true })).toBeVisible();
  expect(errors).toEqual([]);
  expect(complaints).not.toHaveBeenCalled();
});
