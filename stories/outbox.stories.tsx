import type { Meta, StoryObj } from '@storybook/react-vite';
import { expect, userEvent, within } from 'storybook/test';
import empty from './fixtures/empty.json';
import offlineDay from './fixtures/offline-day.json';
import troubles from './fixtures/troubles.json';
import longTexts from './fixtures/long-texts.json';
import { capturedPhases, operationsByReason, phaseBundle } from './support/captured-phases.ts';
import { createOutboxClient, manyOperations } from './support/outbox-client.ts';
import { PanelFrame } from './support/panel-frame.tsx';
import { createScriptedClient } from './support/scripted-client.ts';

const meta = {
  title: 'Devtools/Outbox',
  component: PanelFrame,
  args: { view: 'outbox', bundle: troubles },
} satisfies Meta<typeof PanelFrame>;
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
export const Wide: Story = { args: { width: 1600 } };
export const LongTexts: Story = {
  args: { bundle: longTexts },
  play: async ({ canvasElement }) => {
    const canvas = within(canvasElement);
    await userEvent.click(await canvas.findByRole('button', { name: /^stuck/ }));
    const detail = await canvas.findByRole('complementary', { name: 'Operation' });
    await expect(await within(detail).findByText('Will send')).toBeVisible();
    // Nothing pushes the panel wider than it is.
    await expect(detail.scrollWidth).toBeLessThanOrEqual(detail.clientWidth);
  },
};
export const LongTextsNarrow: Story = { args: { bundle: longTexts, width: 320 } };
export const EveryReason: Story = {
  args: { client: createOutboxClient(phaseBundle('paused'), operationsByReason).client },
  play: async ({ canvasElement }) => {
    const list = await within(canvasElement).findByRole('list', { name: /Queued operations/ });
    await expect((await within(list).findAllByRole('button')).length).toBe(15);
  },
};
export const DatabaseFails: Story = {
  args: {
    client: createScriptedClient(troubles, {
      answers: {
        operations: () => {
          throw new Error('SQLITE_IOERR: disk I/O error');
        },
      },
    }).client,
  },
  play: async ({ canvasElement }) => {
    await expect(await within(canvasElement).findByRole('alert')).toHaveTextContent('disk I/O error');
  },
};

const offlineAt = capturedPhases.phases.find(({ phase }) => phase === 'offline')?.view.at ?? 0;
const thousands = createOutboxClient(
  phaseBundle('offline'),
  manyOperations(operationsByReason, 10_000, offlineAt - 10_000_000),
);
/** Ten thousand operations: a part of them is in the page, wherever one goes. */
export const TenThousand: Story = {
  args: { client: thousands.client },
  play: async ({ canvasElement }) => {
    const canvas = within(canvasElement);
    await expect(await canvas.findByText('10,000 operations')).toBeVisible();
    const list = canvas.getByRole('list', { name: /Queued operations/ });
    list.scrollTop = list.scrollHeight;
    const last = await canvas.findByRole('button', { name: /todo-009999/ });
    await expect(within(list).getAllByRole('listitem').length).toBeLessThan(60);
    last.focus();
    await userEvent.keyboard('{ArrowUp}{Enter}');
    await expect(await canvas.findByRole('heading', { name: 'todos/todo-009998' })).toBeVisible();
    await userEvent.selectOptions(canvas.getByLabelText('State'), 'parked');
    await expect(await canvas.findByText(/^2,00\d operations$/)).toBeVisible();
    await userEvent.type(canvas.getByLabelText('Find by id'), '00999');
    await expect(await canvas.findByText(/^\d operations?$/)).toBeVisible();
  },
};

export const OperationOpened: Story = {
  args: { client: createScriptedClient(troubles).client, height: 600 },
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
  {
    opId: 'op-2',
    kind: 'todos',
    entityId: 't2',
    type: 'delete',
    data: {},
    reason: 'acceptServer',
    discardedAt: troubles.at - 7_200_000,
  },
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

const amending = createOutboxClient(troubles, operationsByReason);
export const AmendIsReviewed: Story = {
  args: { client: amending.client },
  play: async ({ canvasElement }) => {
    const canvas = within(canvasElement);
    await userEvent.click(await canvas.findByRole('button', { name: /^stuck/ }));
    await userEvent.click(await canvas.findByRole('button', { name: 'Amend…' }));
    const text = await canvas.findByLabelText('Fields to change, as JSON');
    await userEvent.clear(text);
    await userEvent.type(text, '{{"title": ');
    await userEvent.click(canvas.getByRole('button', { name: 'Review…' }));
    await expect(await canvas.findByRole('alert')).toHaveTextContent('This is not JSON');
    await userEvent.type(text, '"Shorter"}');
    await userEvent.click(canvas.getByRole('button', { name: 'Review…' }));
    await expect(await canvas.findByText('Shorter')).toBeVisible();
    await expect(amending.commands).toEqual([]);
    await userEvent.click(canvas.getByRole('button', { name: 'Amend' }));
    await expect(amending.commands).toMatchObject([{ type: 'amend', patch: { title: 'Shorter' } }]);
  },
};
export const AmendReview: Story = {
  args: { client: amending.client },
  play: async ({ canvasElement }) => {
    const canvas = within(canvasElement);
    await userEvent.click(await canvas.findByRole('button', { name: /^stuck/ }));
    await userEvent.click(await canvas.findByRole('button', { name: 'Amend…' }));
    const text = await canvas.findByLabelText('Fields to change, as JSON');
    await userEvent.clear(text);
    await userEvent.type(text, '{{"title": "Shorter", "tags": [["home"]}');
    await userEvent.click(canvas.getByRole('button', { name: 'Review…' }));
    await expect(await canvas.findByText('Send this instead?')).toBeVisible();
  },
};
const retrying = createScriptedClient(troubles);
export const RetryAll: Story = {
  args: { client: retrying.client },
  play: async ({ canvasElement }) => {
    const canvas = within(canvasElement);
    await userEvent.click(await canvas.findByRole('button', { name: 'Retry all stuck' }));
    await expect(retrying.commands).toEqual([{ type: 'retry' }]);
  },
};
/** The first of two edits of one record: both went out in one request, and nobody knows whether it arrived. */
export const FoldedAndAmbiguous: Story = {
  args: { bundle: offlineDay },
  play: async ({ canvasElement }) => {
    const canvas = within(canvasElement);
    const [first] = await canvas.findAllByRole('button', { name: /todos\/t1/ });
    await userEvent.click(first as HTMLElement);
    await expect(await canvas.findByText(/folded into a newer operation/)).toBeVisible();
    await userEvent.click((await canvas.findAllByRole('button', { name: /todos\/n1/ }))[0] as HTMLElement);
    await expect(await canvas.findByText('ambiguous: no complete answer')).toBeVisible();
  },
};
