import type { Meta, StoryObj } from '@storybook/react-vite';
import { expect, userEvent, within } from 'storybook/test';
import empty from './fixtures/empty.json';
import offlineDay from './fixtures/offline-day.json';
import troubles from './fixtures/troubles.json';
import { PanelFrame } from './support/panel-frame.tsx';

const meta = { title: 'Devtools/Outbox', component: PanelFrame, args: { view: 'outbox', bundle: troubles } } satisfies Meta<typeof PanelFrame>;
export default meta;
type Story = StoryObj<typeof meta>;

export const Empty: Story = {
  args: { bundle: empty },
  play: async ({ canvasElement }) => {
    await expect(await within(canvasElement).findByText('Everything is sent')).toBeVisible();
  },
};
export const Offline: Story = { args: { bundle: offlineDay } };
export const Troubles: Story = {};
export const Dark: Story = { args: { theme: 'dark' } };
export const Narrow: Story = { args: { width: 320 } };

export const OperationOpened: Story = {
  play: async ({ canvasElement }) => {
    const canvas = within(canvasElement);
    await userEvent.click((await canvas.findAllByRole('button', { name: /todos\/t3/ }))[0] as HTMLElement);
    await expect(await canvas.findByText('What happened')).toBeVisible();
    await expect((await canvas.findAllByText('rejected')).length).toBe(2);
  },
};

export const Filtered: Story = {
  play: async ({ canvasElement }) => {
    const canvas = within(canvasElement);
    await userEvent.selectOptions(await canvas.findByLabelText('State'), 'parked');
    await expect(await canvas.findByText('4 operations')).toBeVisible();
  },
};
