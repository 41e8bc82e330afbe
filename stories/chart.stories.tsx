import type { Meta, StoryObj } from '@storybook/react-vite';
import { expect, userEvent, within } from 'storybook/test';
import offlineDay from './fixtures/offline-day.json';
import troubles from './fixtures/troubles.json';
import { PanelFrame } from './support/panel-frame.tsx';

const meta = { title: 'Devtools/Chart', component: PanelFrame, args: { view: 'chart', bundle: troubles, height: 600 } } satisfies Meta<typeof PanelFrame>;
export default meta;
type Story = StoryObj<typeof meta>;

export const Paused: Story = {
  play: async ({ canvasElement }) => {
    await expect(await within(canvasElement).findByRole('figure', {}, { timeout: 10_000 })).toBeVisible();
  },
};
export const Waiting: Story = { args: { bundle: offlineDay } };
export const StateOpened: Story = {
  play: async ({ canvasElement }) => {
    const canvas = within(canvasElement);
    await userEvent.click(await canvas.findByRole('button', { name: /^planning/ }));
    await expect(await canvas.findByText('planRun')).toBeVisible();
  },
};
export const Everything: Story = {
  play: async ({ canvasElement }) => {
    const canvas = within(canvasElement);
    for (const name of ['commands', 'failures', 'inner steps']) await userEvent.click(await canvas.findByLabelText(name));
    await expect(await canvas.findByRole('figure', {}, { timeout: 10_000 })).toBeVisible();
  },
};
export const Dark: Story = { args: { theme: 'dark' } };
export const Narrow: Story = { args: { width: 320, height: 700 } };
