import type { Meta, StoryObj } from '@storybook/react-vite';
import { expect, userEvent, within } from 'storybook/test';
import offlineDay from './fixtures/offline-day.json';
import troubles from './fixtures/troubles.json';
import { PanelFrame } from './support/panel-frame.tsx';
import { createScriptedClient } from './support/scripted-client.ts';

const meta = { title: 'Devtools/Saved file', component: PanelFrame, args: { view: 'outbox' } } satisfies Meta<typeof PanelFrame>;
export default meta;
type Story = StoryObj<typeof meta>;

const file = (content: string): File => new File([content], 'yesterday.json', { type: 'application/json' });

export const Opened: Story = {
  args: { client: createScriptedClient(troubles).client },
  play: async ({ canvasElement }) => {
    const canvas = within(canvasElement);
    await userEvent.upload(await canvas.findByLabelText('Saved file'), file(JSON.stringify(offlineDay)));
    await expect(await canvas.findByText('saved file')).toBeVisible();
    await expect(canvas.queryByRole('button', { name: 'Sync now' })).toBeNull();
    await userEvent.click(canvas.getByRole('button', { name: 'Back to the engine' }));
    await expect(await canvas.findByRole('button', { name: 'Sync now' })).toBeVisible();
  },
};

export const NotABundle: Story = {
  args: { client: createScriptedClient(troubles).client },
  play: async ({ canvasElement }) => {
    const canvas = within(canvasElement);
    await userEvent.upload(await canvas.findByLabelText('Saved file'), file('{"a":1}'));
    await expect(await canvas.findByRole('alert')).toHaveTextContent('yesterday.json cannot be opened');
  },
};
