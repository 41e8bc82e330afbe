import { afterEach, expect, test } from 'vitest';
import { page } from 'vitest/browser';
import type { StorageStatus } from '../../../src/model/storage-status.ts';
import { StorageNotice, type StorageNoticeProps } from '../../../src/react-ui.ts';
import type { PageBench } from '../../queries/page-bench.ts';
import { todoOf } from '../../support/todo.ts';
import { mountUi } from './mount-ui.tsx';
import { openUiBench, settableStorage, type SetStorage } from './ui-scenes.ts';

let bench: PageBench;
let unmount: () => void = () => undefined;
afterEach(async () => {
  unmount();
  await bench.close();
});

async function show(change: Partial<StorageStatus> = {}, props: StorageNoticeProps = {}): Promise<SetStorage> {
  const storage = settableStorage(change);
  bench = await openUiBench({}, storage);
  unmount = mountUi(bench.engine, <StorageNotice {...props} />);
  return storage;
}
const notices = page.getByRole('status');
const alarms = page.getByRole('alert');

test('it shows nothing while the storage is sound, nor where the browser only did not promise to keep it', async () => {
  const storage = await show();
  await expect.element(notices).not.toBeInTheDocument();
  storage.set({ persisted: false, persistRefused: true });
  // The next change shows that this one was heard.
  storage.set({ quota: 100, usage: 96 });
  await expect.element(notices).toHaveTextContent(/96% is used/);
  expect(notices.elements()).toHaveLength(1);
  storage.set({ usage: 10 });
  await expect.element(notices).not.toBeInTheDocument();
});

test('storage in memory is told with the number of changes that would be lost', async () => {
  await show({ mode: 'memory', persisted: false, reason: 'This window is private.' });
  await expect.element(notices).toHaveTextContent(/lives in this tab only/);
  await bench.writer.insertAndEnqueue(todoOf('a'));
  await expect.element(notices).toHaveTextContent(/One change waits on this device/);
});

test('a newer release that takes the file is an alert, and its button loads that release', async () => {
  let reloads = 0;
  const storage = await show({}, { onReload: () => (reloads += 1) });
  storage.set({ role: 'outdated' });
  await expect.element(alarms).toHaveTextContent(/Reload needed/);
  await alarms.getByRole('button').click();
  expect(reloads).toBe(1);
});

test('damage is an alert, with the buttons that the app offers for it', async () => {
  await show(
    { damage: 'row 12 missing from index' },
    { actionsOf: ({ code }) => <button type="button">Save a copy ({code})</button> },
  );
  await expect.element(alarms).toHaveTextContent(/Database damaged/);
  await expect.element(alarms.getByRole('button', { name: 'Save a copy (storageDamaged)' })).toBeVisible();
});

test('the words of the app are shown instead', async () => {
  await show(
    { role: 'outdated' },
    { words: { labels: { appOutdated: 'Bitte neu laden' }, storage: { reload: 'Neu laden' } } },
  );
  await expect.element(alarms).toHaveTextContent(/Bitte neu laden/);
  await expect.element(alarms.getByRole('button', { name: 'Neu laden' })).toBeVisible();
});
