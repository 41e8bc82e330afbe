import type { Meta, StoryObj } from '@storybook/react-vite';
import { expect, spyOn, userEvent, waitFor, within } from 'storybook/test';
import offlineDay from './fixtures/offline-day.json';
import troubles from './fixtures/troubles.json';
import { PanelFrame } from './support/panel-frame.tsx';
import { createScriptedClient } from './support/scripted-client.ts';

const meta = { title: 'Devtools/Saved file', component: PanelFrame, args: { view: 'outbox' } } satisfies Meta<
  typeof PanelFrame
>;
export default meta;
type Story = StoryObj<typeof meta>;

const savedRows = [
  {
    kind: 'todos',
    total: 2,
    items: [
      {
        id: 't1',
        pending: 1,
        conflict: true,
        local: { id: 't1', title: 't1, as changed on this device', priority: 7 },
        base: { id: 't1', title: 'Todo 1', priority: 1 },
        server: { id: 't1', title: 't1, as changed by somebody else', priority: 1 },
      },
      {
        id: 't5',
        pending: 0,
        conflict: false,
        quarantined: 'title must be a text',
        local: { id: 't5', title: 'Todo 5' },
      },
    ],
  },
];
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

export const SavedAsAFile: Story = {
  args: { client: createScriptedClient(troubles).client },
  play: async ({ canvasElement }) => {
    const canvas = within(canvasElement);
    const made = spyOn(URL, 'createObjectURL');
    // What is offered is looked at, and not stored anywhere.
    const links: string[] = [];
    const clicked = spyOn(HTMLAnchorElement.prototype, 'click').mockImplementation(function (this: HTMLAnchorElement) {
      links.push(this.download);
    });
    await userEvent.click(await canvas.findByRole('button', { name: 'Save what is seen as a file' }));
    await waitFor(() => expect(links).toEqual([expect.stringMatching(/^synchart-.+\.json$/)]));
    const content = made.mock.calls[0]?.[0] as Blob;
    clicked.mockRestore();
    made.mockRestore();
    await expect(JSON.parse(await content.text())).toMatchObject({
      format: 'synchart-bundle',
      operations: troubles.operations,
    });
    await expect(canvas.queryByRole('alert')).toBeNull();
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

export const RowsThatWait: Story = {
  args: { client: createScriptedClient(offlineDay).client, view: 'replica' },
  play: async ({ canvasElement }) => {
    const canvas = within(canvasElement);
    await userEvent.upload(
      await canvas.findByLabelText('Saved file'),
      file(JSON.stringify({ ...troubles, rows: savedRows })),
    );
    await expect(await canvas.findByText(/Only rows with pending edits, conflicts or quarantine/)).toBeVisible();
    await expect(await canvas.findByText('2 saved rows')).toBeVisible();
    await userEvent.click(await canvas.findByRole('button', { name: /^t1 / }));
    await expect(await canvas.findByRole('cell', { name: /as changed by somebody else \(changed\)/ })).toBeVisible();
  },
};

export const RowsOfAnEarlierFile: Story = {
  args: { client: createScriptedClient(offlineDay).client, view: 'replica' },
  play: async ({ canvasElement }) => {
    const canvas = within(canvasElement);
    await userEvent.upload(
      await canvas.findByLabelText('Saved file'),
      file(JSON.stringify({ ...troubles, rows: undefined })),
    );
    await expect(await canvas.findByText('No row was saved')).toBeVisible();
  },
};
