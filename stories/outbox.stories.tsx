import type { Meta, StoryObj } from '@storybook/react-vite';
import { expect, userEvent, within } from 'storybook/test';
import empty from './fixtures/empty.json';
import offlineDay from './fixtures/offline-day.json';
import troubles from './fixtures/troubles.json';
import { PanelFrame } from './support/panel-frame.tsx';
import { createScriptedClient } from './support/scripted-client.ts';

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

const discarded = [
  {
    opId: 'op-1',
    kind: 'todos',
    entityId: 't4',
    type: 'upsert',
    data: { title: 'Buy oat milk' },
    changedFields: ['title'],
    reason: 'dropped',
    discardedAt: troubles.at - 90_000,
  },
  { opId: 'op-2', kind: 'todos', entityId: 't2', type: 'delete', data: {}, reason: 'acceptServer', discardedAt: troubles.at - 7_200_000 },
];
const left = [...discarded];
const restoring = createScriptedClient(troubles, {
  answers: { discarded: () => left },
  run: (command) => {
    if (command.type === 'undoDiscard') left.splice(0, 1);
    return null;
  },
});
export const GivenUp: Story = {
  args: { client: restoring.client },
  play: async ({ canvasElement }) => {
    const canvas = within(canvasElement);
    await userEvent.selectOptions(await canvas.findByLabelText('State'), 'Given up');
    await userEvent.click(await canvas.findByRole('button', { name: /todos\/t4 edit title/ }));
    await userEvent.click(await canvas.findByRole('button', { name: 'Bring it back' }));
    await expect(await canvas.findByText(/waits in the outbox/)).toBeVisible();
    await expect(restoring.commands).toEqual([{ type: 'undoDiscard', opId: 'op-1' }]);
  },
};
export const NothingGivenUp: Story = {
  play: async ({ canvasElement }) => {
    const canvas = within(canvasElement);
    await userEvent.selectOptions(await canvas.findByLabelText('State'), 'Given up');
    await expect(await canvas.findByText('Nothing was given up')).toBeVisible();
  },
};

const repairing = createScriptedClient(troubles);
export const RetryAndDrop: Story = {
  args: { client: repairing.client },
  play: async ({ canvasElement }) => {
    const canvas = within(canvasElement);
    await userEvent.click((await canvas.findAllByRole('button', { name: /^stuck/ }))[0] as HTMLElement);
    await userEvent.click(await canvas.findByRole('button', { name: 'Retry' }));
    await userEvent.click(await canvas.findByRole('button', { name: 'Drop…' }));
    await expect(repairing.commands.map(({ type }) => type)).toEqual(['retry']);
    await userEvent.click(await canvas.findByRole('button', { name: 'Drop it' }));
    await expect(repairing.commands.map(({ type }) => type)).toEqual(['retry', 'drop']);
  },
};
export const ByKeyboard: Story = {
  play: async ({ canvasElement }) => {
    const canvas = within(canvasElement);
    const list = await canvas.findByRole('list', { name: /Queued operations/ });
    const rows = await within(list).findAllByRole('button');
    rows[0]?.focus();
    await userEvent.keyboard('{ArrowDown}{ArrowDown}{ArrowUp}{Enter}');
    await expect(rows[1]).toHaveFocus();
    await expect(rows[1]).toHaveAttribute('aria-current', 'true');
  },
};
