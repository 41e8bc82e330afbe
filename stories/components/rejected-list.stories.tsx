import type { Meta, StoryObj } from '@storybook/react-vite';
import { expect, userEvent, within } from 'storybook/test';
import { RejectedList } from '../../src/react-ui.ts';
import type { PageBench } from '../../test/queries/page-bench.ts';
import { refuseDeletion, refuseEdit } from '../../test/react/ui/ui-scenes.ts';
import { UiFrame } from '../support/ui-frame.tsx';

const meta = {
  title: 'Components/RejectedList',
  component: UiFrame,
  args: { scene: (bench) => refuseEdit(bench), children: <RejectedList /> },
} satisfies Meta<typeof UiFrame>;
export default meta;
type Story = StoryObj<typeof meta>;

const says =
  (text: string | RegExp): NonNullable<Story['play']> =>
  async ({ canvasElement }) => {
    await expect(await within(canvasElement).findByText(text)).toBeVisible();
  };

export const ReasonAtTheField: Story = { play: says('At most 20 characters') };
export const ReasonOfTheWhole: Story = {
  args: { scene: (bench) => refuseEdit(bench, 'a', {}) },
  play: says(/The title is too long/),
};
export const Deletion: Story = { args: { scene: (bench) => refuseDeletion(bench) }, play: says(/The list is locked/) };

const several = async (bench: PageBench): Promise<void> => {
  await refuseEdit(bench, 'a');
  await refuseDeletion(bench, 'b');
};
export const Several: Story = { args: { scene: several }, play: says(/The list is locked/) };
export const Dark: Story = { args: { scene: several, scheme: 'dark' }, play: says(/The list is locked/) };
export const Narrow: Story = { args: { scene: several, width: 320 }, play: says(/The list is locked/) };

const click = async (canvas: HTMLElement, name: string): Promise<void> =>
  userEvent.click(await within(canvas).findByRole('button', { name }));
export const Dropped: Story = {
  play: async ({ canvasElement }) => {
    await click(canvasElement, 'Give it up');
    await expect(await within(canvasElement).findByRole('button', { name: 'Undo' })).toBeVisible();
  },
};
export const SentAgain: Story = {
  play: async ({ canvasElement }) => {
    const canvas = within(canvasElement);
    const title = await canvas.findByRole('textbox', { name: 'Title' });
    await userEvent.clear(title);
    await userEvent.type(title, 'Water plants');
    await click(canvasElement, 'Save and send again');
    await expect(await canvas.findByText(/again$/)).toBeVisible();
  },
};
export const NotANumber: Story = {
  args: ReasonOfTheWhole.args ?? {},
  play: async ({ canvasElement }) => {
    await userEvent.type(await within(canvasElement).findByLabelText('Priority'), 'x');
    await expect(await within(canvasElement).findByText('This is not a number.')).toBeVisible();
  },
};
