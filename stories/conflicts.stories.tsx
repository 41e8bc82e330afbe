import type { Meta, StoryObj } from '@storybook/react-vite';
import { expect, userEvent, within } from 'storybook/test';
import empty from './fixtures/empty.json';
import troubles from './fixtures/troubles.json';
import { PanelFrame } from './support/panel-frame.tsx';

const meta = { title: 'Devtools/Conflicts', component: PanelFrame, args: { view: 'conflicts', bundle: troubles } } satisfies Meta<typeof PanelFrame>;
export default meta;
type Story = StoryObj<typeof meta>;

export const None: Story = {
  args: { bundle: empty },
  play: async ({ canvasElement }) => {
    await expect(await within(canvasElement).findByText('No conflict waits')).toBeVisible();
  },
};
export const FieldByField: Story = {
  play: async ({ canvasElement }) => {
    await expect(await within(canvasElement).findByRole('rowheader', { name: /title/ })).toBeVisible();
  },
};
export const DeleteAgainstEdit: Story = {
  play: async ({ canvasElement }) => {
    const canvas = within(canvasElement);
    await userEvent.click(await canvas.findByRole('button', { name: /todos\/t8/ }));
    await expect(await canvas.findByRole('heading', { name: /You deleted todos\/t8/ })).toBeVisible();
  },
};
export const Dark: Story = { args: { theme: 'dark' } };
export const Narrow: Story = { args: { width: 320, height: 700 } };
