import { useState, type ReactNode } from 'react';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { page, userEvent } from 'vitest/browser';
import type { SyncEngine } from '../../../src/engine/api/sync-engine.ts';
import { attachInternals, internalsOf } from '../../../src/engine/core/engine-internals.ts';
import { acceptServer } from '../../../src/model/conflict.ts';
import { ConflictDialog, type ConflictDialogProps, type DecidedConflict } from '../../../src/react-ui.ts';
import { todos, type PageBench } from '../../queries/page-bench.ts';
import { mountUi } from './mount-ui.tsx';
import { deleteHere, deleteThere, editBoth, openUiBench } from './ui-scenes.ts';

let bench: PageBench;
let unmount: () => void = () => undefined;
beforeEach(async () => {
  bench = await openUiBench();
});
afterEach(async () => {
  unmount();
  await bench.close();
});

const show = (props: ConflictDialogProps = {}): void => {
  unmount = mountUi(bench.engine, <ConflictDialog {...props} />);
};
const dialog = page.getByRole('dialog');
const button = (name: string) => page.getByRole('button', { name, exact: true });
const open = async (): Promise<void> => {
  show();
  await button('Decide').click();
  await expect.element(dialog).toBeVisible();
};
const here = async (id = 'a') => bench.engine.repository(todos).findOneBy({ id });
const there = (id = 'a') => bench.backend.get('todos', id);
/** The decision is with the server, and nothing waits. */
const settled = async (): Promise<void> => {
  await expect.poll(() => bench.engine.status().pending).toBe(0);
  await bench.engine.whenIdle();
};

test('the dialog has a name and says what happened; each choice has a name for screen readers', async () => {
  await editBoth(bench);
  await open();
  await expect.element(dialog).toHaveAccessibleName('Which version of “Buy almond milk”?');
  await expect.element(dialog).toHaveAccessibleDescription('You and somebody else changed it.');
  const title = page.getByRole('group', { name: 'Title' });
  for (const name of ['Before Buy oat milk', 'Yours Buy almond milk', 'Theirs Buy soy milk', 'Another value'])
    await expect.element(title.getByRole('radio', { name, exact: true })).toBeInTheDocument();
  await expect.element(title.getByRole('radio', { name: /^Yours/ })).toBeChecked();
});

test.each([
  { choice: 'Keep mine', row: { title: 'Buy almond milk', done: true, priority: 3 } },
  { choice: 'Keep theirs', row: { title: 'Buy soy milk', done: false, priority: 1 } },
  { choice: 'Keep what is chosen', row: { title: 'Buy almond milk', done: true, priority: 1 } },
])('I1: "$choice" decides locally and on the server', async ({ choice, row }) => {
  await editBoth(bench);
  await open();
  await button(choice).click();
  await settled();
  expect(there()).toMatchObject(row);
  expect(await here()).toMatchObject(row);
  await expect.element(dialog).not.toBeInTheDocument();
  await expect.element(button('Decide')).not.toBeInTheDocument();
});

test('single fields: the previous value, and another value', async () => {
  await editBoth(bench);
  await open();
  await page.getByText('Another value').first().click();
  await page.getByLabelText('Another value of Title').fill('Buy hazelnut milk');
  await page.getByText('2 more fields differ').click();
  await page.getByRole('group', { name: 'Priority' }).getByRole('radio', { name: 'Before 3' }).click();
  await button('Keep what is chosen').click();
  await settled();
  expect(there()).toMatchObject({ title: 'Buy hazelnut milk', priority: 3, done: true });
});

test('does not send a custom value that is not a number, and its field says so', async () => {
  await editBoth(bench);
  await open();
  await page.getByText('2 more fields differ').click();
  const priority = page.getByRole('group', { name: 'Priority' });
  await priority.getByText('Another value').click();
  await page.getByLabelText('Another value of Priority').fill('soon');
  await expect
    .element(page.getByLabelText('Another value of Priority'))
    .toHaveAccessibleDescription('This is not a number.');
  await expect.element(button('Keep what is chosen')).toHaveAttribute('aria-disabled', 'true');
  await page.getByLabelText('Another value of Priority').fill('5');
  await button('Keep what is chosen').click();
  await settled();
  expect(there()).toMatchObject({ priority: 5 });
});

test.each([
  { choice: 'Delete it', isThere: false },
  { choice: 'Keep theirs', isThere: true },
])('deleted locally, changed on the server: "$choice"', async ({ choice, isThere }) => {
  await deleteHere(bench);
  await open();
  await expect.element(dialog).toHaveAccessibleDescription('You deleted it. Meanwhile, somebody else changed it.');
  await button(choice).click();
  await settled();
  expect(there() !== undefined).toBe(isThere);
  expect((await here()) !== null).toBe(isThere);
});

test.each([
  { choice: 'Keep mine', title: 'Buy almond milk' },
  { choice: 'Delete it', title: undefined },
])('changed locally, deleted on the server: "$choice"', async ({ choice, title }) => {
  await deleteThere(bench);
  await open();
  await expect.element(dialog).toHaveAccessibleDescription('You changed it. Meanwhile, somebody else deleted it.');
  await expect.element(dialog.getByText('Theirs', { exact: true })).not.toBeInTheDocument();
  await button(choice).click();
  await settled();
  expect(there()?.['title']).toBe(title);
  expect((await here())?.title).toBe(title);
});

test.each([
  { scene: editBoth, choice: 'Keep mine', row: { title: 'Buy soy milk', done: false, priority: 1 } },
  { scene: editBoth, choice: 'Keep theirs', row: { title: 'Buy almond milk', done: true, priority: 1 } },
  { scene: editBoth, choice: 'Keep what is chosen', row: { title: 'Buy soy milk', done: false, priority: 1 } },
  { scene: deleteHere, choice: 'Delete it', row: { title: 'Buy soy milk' } },
  { scene: deleteHere, choice: 'Keep theirs', row: undefined },
  { scene: deleteThere, choice: 'Keep mine', row: undefined },
  { scene: deleteThere, choice: 'Delete it', row: { title: 'Buy almond milk' } },
])('I1: undo reverts "$choice" after it was sent ($scene.name)', async ({ scene, choice, row }) => {
  await scene(bench);
  await open();
  await button(choice).click();
  await settled();
  await button('Undo').click();
  await expect.element(page.getByText('Undone.')).toBeVisible();
  await bench.engine.sync();
  expect(there()).toEqual(row === undefined ? undefined : expect.objectContaining(row));
  expect(await here()).toEqual(row === undefined ? null : expect.objectContaining(row));
});

test('I1: undo of an unsent decision reopens the conflict', async () => {
  await editBoth(bench);
  await bench.engine.pause();
  await open();
  await button('Keep theirs').click();
  await button('Undo').click();
  await expect.element(page.getByText('Undone.')).toBeVisible();
  await bench.engine.resume();
  await button('Decide').click();
  await expect.element(page.getByText('Buy almond milk', { exact: true })).toBeVisible();
  expect(there()).toMatchObject({ title: 'Buy soy milk' });
});

test('I1: a double tap decides only one conflict', async () => {
  await editBoth(bench, 'a');
  await editBoth(bench, 'b', { before: 'Call Ann', mine: 'Call Ann at noon', theirs: 'Call Ann at one' });
  await open();
  await expect.element(page.getByText('1 of 2')).toBeVisible();
  await userEvent.dblClick(button('Keep mine'));
  await expect.element(dialog).toHaveAccessibleName('Which version of “Call Ann at noon”?');
  await expect.poll(() => there('a')?.['title']).toBe('Buy almond milk');
  expect(await bench.engine.conflicts()).toHaveLength(1);
  // A script that clicks twice has no double click of the browser's.
  await expect.element(button('Keep mine')).not.toHaveAttribute('aria-disabled', 'true');
  const decide = button('Keep theirs').element() as HTMLElement;
  decide.click();
  decide.click();
  await settled();
  expect(there('b')).toMatchObject({ title: 'Call Ann at one' });
});

test('I6: does not decide a conflict again that was decided elsewhere while the dialog is open', async () => {
  await editBoth(bench);
  await open();
  const [stored] = await bench.engine.conflicts();
  await bench.engine.resolveConflict(stored?.conflict.opId ?? '', acceptServer());
  await expect.element(page.getByText('This was decided elsewhere in the meantime.')).toBeVisible();
  await expect.element(button('Keep mine')).not.toBeInTheDocument();
  await settled();
  expect(there()).toMatchObject({ title: 'Buy soy milk' });
  await button('Later').click();
  await expect.element(dialog).not.toBeInTheDocument();
});

test('I6: shows a version that the person has not seen before it is decided on', async () => {
  await editBoth(bench);
  await open();
  bench.backend.update('todos', 'a', { title: 'Buy rice milk' });
  await bench.engine.sync();
  await expect.element(page.getByText('The other version has changed again.', { exact: false })).toBeVisible();
  await expect.element(page.getByRole('radio', { name: 'Theirs Buy rice milk' })).toBeInTheDocument();
  await button('Keep theirs').click();
  await settled();
  expect(await here()).toMatchObject({ title: 'Buy rice milk' });
});

test('F-31: shows a version that arrives during the decision instead of deciding on it unseen', async () => {
  await editBoth(bench);
  const { engine } = bench;
  let isLate = true;
  // Another tab's pull ends after the dialog has looked, and before the decision is stored.
  const racing: SyncEngine = {
    ...engine,
    resolveConflict: async (...given) => {
      if (isLate) {
        isLate = false;
        bench.backend.update('todos', 'a', { title: 'Buy rice milk' });
        await engine.sync();
      }
      await engine.resolveConflict(...given);
    },
  };
  attachInternals(racing, internalsOf(engine, 'test'));
  unmount = mountUi(racing, <ConflictDialog />);
  await button('Decide').click();
  await button('Keep mine').click();
  await expect.element(page.getByText('The other version has changed again.', { exact: false })).toBeVisible();
  await expect.element(page.getByRole('radio', { name: 'Theirs Buy rice milk' })).toBeInTheDocument();
  await expect.element(page.getByRole('alert')).not.toBeInTheDocument();
  expect(there()).toMatchObject({ title: 'Buy rice milk' });
  await button('Keep mine').click();
  await settled();
  expect(there()).toMatchObject({ title: 'Buy almond milk' });
});

test('Escape means later: the conflict waits, and the focus returns to the button', async () => {
  await editBoth(bench);
  show();
  await expect.element(button('Decide')).toBeVisible();
  (button('Decide').element() as HTMLElement).focus();
  await userEvent.keyboard('{Enter}');
  await expect.element(dialog).toHaveFocus();
  await userEvent.keyboard('{Escape}');
  await expect.element(dialog).not.toBeInTheDocument();
  await expect.element(button('Decide')).toHaveFocus();
  expect(await bench.engine.conflicts()).toHaveLength(1);
});

test('keeps the focus in the dialog, and beside it after the last decision', async () => {
  await editBoth(bench);
  await open();
  for (let times = 0; times < 12; times += 1) {
    await userEvent.keyboard('{Tab}');
    expect(dialog.element().contains(document.activeElement)).toBe(true);
  }
  await button('Keep mine').click();
  await expect.element(dialog).not.toBeInTheDocument();
  await expect.poll(() => document.activeElement?.className).toContain('synchart-conflicts');
});

test('an app opens the dialog, names its records, and offers undo by itself', async () => {
  await editBoth(bench);
  const decided: DecidedConflict[] = [];
  const App = (): ReactNode => {
    const [isOpen, setIsOpen] = useState(false);
    return (
      <>
        <button type="button" onClick={() => setIsOpen(true)}>
          Entscheiden
        </button>
        <ConflictDialog
          notice={false}
          open={isOpen}
          onOpenChange={setIsOpen}
          onDecided={(one) => decided.push(one)}
          titleOf={({ id }) => `Aufgabe ${id}`}
          labelOf={(field) => ({ title: 'Titel' })[field] ?? field}
          words={german}
        />
      </>
    );
  };
  unmount = mountUi(bench.engine, <App />);
  await button('Entscheiden').click();
  await expect.element(dialog).toHaveAccessibleName('Welche Fassung von „Aufgabe a“?');
  await page.getByRole('group', { name: 'Titel' }).getByRole('radio', { name: 'Meine Buy almond milk' }).click();
  await button('Meine behalten').click();
  await settled();
  await expect.element(button('Entscheiden')).toHaveFocus();
  expect(decided).toMatchObject([{ choice: 'mine', conflict: { entityId: 'a' } }]);
  await expect.element(button('Undo')).not.toBeInTheDocument();
  await decided[0]?.undo();
  await bench.engine.sync();
  expect(there()).toMatchObject({ title: 'Buy soy milk' });
});

const german: NonNullable<ConflictDialogProps['words']> = {
  conflict: {
    title: (record) => `Welche Fassung von „${record}“?`,
    mine: 'Meine',
    keepMine: {
      edited: 'Meine behalten',
      deletedHere: 'Löschen',
      deletedThere: 'Meine behalten',
      createdHere: 'Meine behalten',
    },
  },
};
