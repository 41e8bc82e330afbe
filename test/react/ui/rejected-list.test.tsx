import { afterEach, beforeEach, expect, test } from 'vitest';
import { page, userEvent } from 'vitest/browser';
import { RejectedList, type HandledRejection, type RejectedListProps } from '../../../src/react-ui.ts';
import { todos, type PageBench } from '../../queries/page-bench.ts';
import { mountUi } from './mount-ui.tsx';
import { openUiBench, refuseDeletion, refuseEdit, refuseOnce } from './ui-scenes.ts';

let bench: PageBench;
let unmount: () => void = () => undefined;
beforeEach(async () => {
  bench = await openUiBench();
});
afterEach(async () => {
  unmount();
  await bench.close();
});

const show = (props: RejectedListProps = {}): void => {
  unmount = mountUi(bench.engine, <RejectedList {...props} />);
};
const button = (name: string) => page.getByRole('button', { name, exact: true });
const title = page.getByRole('textbox', { name: 'Title' });
const form = page.getByRole('form', { name: 'The server refused a change of “Water the plants on the balcony”.' });
const here = async () => bench.engine.repository(todos).findOneBy({ id: 'a' });
const there = () => bench.backend.get('todos', 'a');

test("I12: shows the server's reason at its field, with which screen readers read it", async () => {
  await refuseEdit(bench);
  show();
  await expect.element(form).toBeVisible();
  await expect.element(form.getByRole('alert')).toHaveTextContent(/The title is too long\.$/);
  await expect.element(title).toHaveValue('Water the plants on the balcony');
  await expect.element(title).toHaveAccessibleDescription('At most 20 characters');
  await expect.element(title).toBeInvalid();
  await expect.element(page.getByLabelText('Priority')).not.toBeInTheDocument();
});

test('I1: resends a corrected change together with the other changes', async () => {
  await refuseEdit(bench);
  show();
  await title.fill('Water plants');
  await button('Save and send again').click();
  await expect.poll(() => there()).toMatchObject({ title: 'Water plants', priority: 2 });
  expect(await here()).toMatchObject({ title: 'Water plants' });
  await expect.element(form).not.toBeInTheDocument();
  await expect.element(page.getByText('Sent “Water the plants on the balcony” again')).toBeVisible();
  await expect.poll(() => document.activeElement?.className).toContain('synchart-rejected');
});

test('a change that is refused again returns with the new reason', async () => {
  await refuseEdit(bench);
  show();
  refuseOnce(bench, { error: 'invalid', message: 'No.', fields: { title: 'Still too long' } });
  await title.fill('Water the plants outside');
  await button('Save and send again').click();
  await expect.element(page.getByText('Still too long', { exact: true })).toBeVisible();
  await expect.element(title).toHaveValue('Water the plants outside');
});

test('I1: dropping gives the change up, and undo repeats it', async () => {
  await refuseEdit(bench);
  show();
  await button('Give it up').click();
  await expect.poll(here).toMatchObject({ title: 'Water the plants' });
  refuseOnce(bench, { error: 'invalid', message: 'No.' });
  await button('Undo').click();
  await expect.poll(here).toMatchObject({ title: 'Water the plants on the balcony', priority: 2 });
  await expect.element(page.getByText('Undone.')).toBeVisible();
});

test('F-49: drops a change that the engine would try again, and undo makes it again', async () => {
  await bench.close();
  bench = await openUiBench({ config: { maxOutboxTryCount: 5 } });
  await refuseEdit(bench);
  expect(await bench.engine.getStuckOperations()).toEqual([]);
  show();
  await button('Give it up').click();
  await expect.poll(here).toMatchObject({ title: 'Water the plants' });
  expect(bench.engine.status().pending).toBe(0);
  await button('Undo').click();
  await expect.poll(here).toMatchObject({ title: 'Water the plants on the balcony', priority: 2 });
});

test('a double tap drops only once', async () => {
  await refuseEdit(bench);
  const handled: HandledRejection[] = [];
  show({ onHandled: (one) => handled.push(one) });
  await expect.element(title).toBeVisible();
  await userEvent.dblClick(button('Give it up'));
  await expect.poll(here).toMatchObject({ title: 'Water the plants' });
  expect(handled).toMatchObject([{ outcome: 'dropped' }]);
  await expect.element(button('Undo')).not.toBeInTheDocument();
  await Promise.all([handled[0]?.undo?.(), handled[0]?.undo?.()]);
  expect(await here()).toMatchObject({ title: 'Water the plants on the balcony' });
  expect(bench.engine.status().pending).toBe(1);
});

test('without reasons by field, all changed fields are editable; a number stays a number', async () => {
  await refuseEdit(bench, 'a', {});
  show();
  await page.getByLabelText('Priority').fill('high');
  await expect.element(page.getByLabelText('Priority')).toHaveAccessibleDescription('This is not a number.');
  await expect.element(button('Save and send again')).toHaveAttribute('aria-disabled', 'true');
  await page.getByLabelText('Priority').fill('5');
  await title.click();
  await userEvent.keyboard('{Enter}');
  await expect.poll(() => there()).toMatchObject({ priority: 5, title: 'Water the plants on the balcony' });
});

test('resends or gives up a refused deletion', async () => {
  await refuseDeletion(bench);
  show();
  await expect.element(page.getByText('The list is locked.', { exact: false })).toBeVisible();
  refuseOnce(bench, { error: 'locked', message: 'It is still locked.' });
  await button('Send again').click();
  await expect.element(page.getByText('It is still locked.', { exact: false })).toBeVisible();
  await button('Give it up').click();
  await expect.poll(here).toMatchObject({ title: 'Water the plants' });
  await button('Undo').click();
  await expect.poll(here).toBeNull();
  await bench.engine.sync();
  expect(there()).toBeUndefined();
});
