import { afterEach, beforeEach, expect, test } from 'vitest';
import { page, userEvent } from 'vitest/browser';
import { findings, type DiagnosisCode } from '../../../src/rules/diagnosis/diagnosis.ts';
import { englishWords, SyncIndicator, type SyncIndicatorProps } from '../../../src/react-ui.ts';
import { todoOf } from '../../support/todo.ts';
import type { PageBench } from '../../queries/page-bench.ts';
import { mountUi } from './mount-ui.tsx';
import { editBoth, openUiBench, settableStorage } from './ui-scenes.ts';

let bench: PageBench;
let unmount: () => void = () => undefined;
beforeEach(async () => {
  bench = await openUiBench();
});
afterEach(async () => {
  unmount();
  await bench.close();
});

const show = (props: SyncIndicatorProps = {}): void => {
  unmount = mountUi(bench.engine, <SyncIndicator {...props} />);
};
const button = (name: string) => page.getByRole('button', { name, exact: true });
const details = page.getByRole('dialog', { name: 'Synchronisation' });

test('every finding and every remedy has a text', () => {
  const codes = Object.keys(findings) as DiagnosisCode[];
  expect(Object.keys(englishWords.labels).sort()).toEqual([...codes].sort());
  for (const code of codes) {
    expect(englishWords.labels[code].split(' ').length, code).toBeLessThanOrEqual(4);
    for (const remedy of findings[code].remedies)
      expect(englishWords.remedies[remedy], remedy).toMatch(/^[A-Z].*[^.]$/);
  }
});

test('one word shows the state and the number of waiting changes', async () => {
  show();
  await expect.element(button('Not synced yet')).toBeVisible();
  await bench.engine.sync();
  await expect.element(button('Up to date')).toBeVisible();
  await bench.writer.insertAndEnqueue(todoOf('a'));
  await expect.element(page.getByRole('button', { name: 'Not sent yet , 1 change not sent' })).toBeVisible();
});

test('the details show the problem, and their buttons solve it', async () => {
  await bench.engine.sync();
  await bench.engine.pause();
  show();
  await button('Paused').click();
  await expect.element(details).toBeVisible();
  await expect.element(details.getByText('Synchronising is paused.')).toBeVisible();
  await details.getByRole('button', { name: 'Resume' }).click();
  await expect.element(button('Up to date')).toBeVisible();
  await details.getByRole('button', { name: 'Sync now' }).click();
  await expect.element(details.getByText('Last sync less than a minute ago')).toBeVisible();
});

test('Escape closes the details and returns the focus', async () => {
  show();
  await button('Not synced yet').click();
  await expect.element(details).toHaveFocus();
  await userEvent.keyboard('{Escape}');
  await expect.element(details).not.toBeInTheDocument();
  await expect.element(button('Not synced yet')).toHaveFocus();
});

test("an app's own remedy is a button, for which the details make room", async () => {
  await editBoth(bench);
  let isAsked = false;
  show({
    onRemedy: {
      decideConflict: () => {
        isAsked = true;
      },
    },
    words: { labels: { conflict: 'Konflikt' }, remedies: { decideConflict: 'Entscheiden' } },
  });
  await page.getByRole('button', { name: /^Konflikt/ }).click();
  await button('Entscheiden').click();
  expect(isAsked).toBe(true);
  await expect.element(details).not.toBeInTheDocument();
});

test('a failed remedy shows the reason', async () => {
  show({ onRemedy: { sync: () => Promise.reject(new Error('No server here')) } });
  await button('Not synced yet').click();
  await details.getByRole('button', { name: 'Sync now' }).click();
  await expect.element(details.getByRole('alert')).toHaveTextContent('That did not work. No server here');
});

test('a notice about the storage stands beside "Up to date", not in its place', async () => {
  await bench.close();
  bench = await openUiBench({}, settableStorage({ persisted: false, persistRefused: true }));
  await bench.engine.sync();
  show();
  await button('Up to date').click();
  await expect.element(details.getByText('Everything is up to date.')).toBeVisible();
  await expect.element(details.getByText('Storage not guaranteed')).toBeVisible();
  await expect.element(details.getByRole('button', { name: 'Ask the browser to keep the data' })).toBeVisible();
});
