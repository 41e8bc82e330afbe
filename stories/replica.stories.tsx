import type { Meta, StoryObj } from '@storybook/react-vite';
import { expect, userEvent, within } from 'storybook/test';
import troubles from './fixtures/troubles.json';
import { PanelFrame } from './support/panel-frame.tsx';
import { createReplicaClient, manyRows } from './support/replica-client.ts';
import { createScriptedClient } from './support/scripted-client.ts';

const meta = {
  title: 'Devtools/Replica',
  component: PanelFrame,
  args: { view: 'replica', client: createReplicaClient().client },
} satisfies Meta<typeof PanelFrame>;
export default meta;
type Story = StoryObj<typeof meta>;

const openRow =
  (id: string): NonNullable<Story['play']> =>
  async ({ canvasElement }) => {
    const canvas = within(canvasElement);
    await userEvent.click(await canvas.findByRole('button', { name: new RegExp(`^${id} `) }));
    await expect(await canvas.findByRole('heading', { name: `todos/${id}` })).toBeVisible();
  };

export const Rows: Story = {};
export const RowFromAllSides: Story = {
  play: async (context) => {
    await openRow('t1')(context);
    await expect(
      await within(context.canvasElement).findByRole('cell', { name: /as changed by somebody else \(changed\)/ }),
    ).toBeVisible();
  },
};
export const Dark: Story = { args: { theme: 'dark' }, play: openRow('t1') };
export const Wide: Story = { args: { width: 1600 } };
export const NoKind: Story = {
  args: { client: createReplicaClient({ kinds: [] }).client },
  play: async ({ canvasElement }) => {
    await expect(await within(canvasElement).findByText('No kind is registered')).toBeVisible();
  },
};
export const NoRow: Story = {
  args: { client: createReplicaClient({ rows: [] }).client },
  play: async ({ canvasElement }) => {
    await expect(await within(canvasElement).findByText('No row yet')).toBeVisible();
  },
};
const unplugged = createReplicaClient();
unplugged.show({ status: { phase: 'offline', pending: 4, stuck: 0, conflicts: 1, online: false, paused: false } });
export const Offline: Story = { args: { client: unplugged.client } };
export const DatabaseFails: Story = {
  args: {
    client: createScriptedClient(troubles, {
      answers: {
        kinds: () => {
          throw new Error('SQLITE_IOERR: disk I/O error');
        },
      },
    }).client,
  },
  play: async ({ canvasElement }) => {
    await expect(await within(canvasElement).findByRole('alert')).toHaveTextContent('disk I/O error');
  },
};
const longRow = `a-row-${'with-a-long-id-'.repeat(12)}`;
export const LongTexts: Story = {
  args: {
    client: createReplicaClient({
      rows: [
        {
          id: longRow,
          local: { id: longRow, title: 'A title that does not end. '.repeat(60), tags: ['x'.repeat(400)] },
          pending: 3,
          conflict: true,
        },
      ],
    }).client,
  },
  play: async ({ canvasElement }) => {
    await userEvent.click(await within(canvasElement).findByRole('button', { name: /^a-row-/ }));
    await expect(await within(canvasElement).findByRole('complementary', { name: 'Row' })).toBeVisible();
  },
};
export const Narrow: Story = { args: { width: 320, height: 760 }, play: openRow('t6') };

export const Quarantined: Story = {
  play: async ({ canvasElement }) => {
    const canvas = within(canvasElement);
    await userEvent.selectOptions(await canvas.findByLabelText('Rows'), 'quarantined');
    await expect(await canvas.findByText('1 row')).toBeVisible();
    await userEvent.click(await canvas.findByRole('button', { name: /^t5 / }));
    await expect(await canvas.findByText(/could not be stored/)).toBeVisible();
  },
};
export const FoundById: Story = {
  play: async ({ canvasElement }) => {
    const canvas = within(canvasElement);
    await userEvent.type(await canvas.findByLabelText('Id begins with'), 't1');
    await expect(await canvas.findByText('3 rows')).toBeVisible();
    await userEvent.type(canvas.getByLabelText('Id begins with'), 'x');
    await expect(await canvas.findByText('No row fits')).toBeVisible();
  },
};

const kind = {
  kind: 'todos',
  tableName: 'todos',
  rows: 12,
  pending: 5,
  quarantined: 0,
  pullOnly: false,
  pushOnly: false,
};
const asked = createReplicaClient();
export const FullResyncAsksFirst: Story = {
  args: { client: asked.client },
  play: async ({ canvasElement }) => {
    const canvas = within(canvasElement);
    await userEvent.click(await canvas.findByRole('button', { name: 'Full resync of todos…' }));
    await expect(asked.commands).toEqual([]);
    await userEvent.click(await canvas.findByRole('button', { name: 'Full resync' }));
    await expect(asked.commands).toEqual([{ type: 'fullResync', kinds: ['todos'] }]);
    await userEvent.click(await canvas.findByRole('button', { name: 'Sync todos' }));
    await expect(asked.commands.at(-1)).toEqual({ type: 'sync', kinds: ['todos'] });
  },
};
export const EngineRefuses: Story = {
  args: { client: createReplicaClient({ refuse: 'sync() was asked for while the engine is stopped' }).client },
  play: async ({ canvasElement }) => {
    const canvas = within(canvasElement);
    await userEvent.click(await canvas.findByRole('button', { name: 'Sync todos' }));
    await expect(await canvas.findByRole('alert')).toHaveTextContent('the engine is stopped');
  },
};
export const ResyncUnderWay: Story = {
  args: {
    client: createReplicaClient({
      kinds: [
        {
          ...kind,
          rows: 135_000,
          lastPulledAt: 1_768_468_410_484,
          resync: { generation: 3, marking: false, received: 48_500, fetched: false },
        },
        {
          ...kind,
          kind: 'orders',
          rows: 800,
          pending: 0,
          resync: { generation: 1, marking: false, received: 800, fetched: true },
        },
        {
          ...kind,
          kind: 'a_kind_with_quite_a_long_name_of_its_own',
          rows: 0,
          pending: 0,
          quarantined: 3,
          pullOnly: true,
        },
        { ...kind, kind: 'measurements', pending: 10_000, pushOnly: true },
      ],
    }).client,
  },
  play: async ({ canvasElement }) => {
    await expect(await within(canvasElement).findByText('48,500 rows received, 135,000 here')).toBeVisible();
  },
};
export const HundredThousandRows: Story = {
  args: { client: createReplicaClient({ rows: manyRows(100_000) }).client },
  play: async ({ canvasElement }) => {
    const canvas = within(canvasElement);
    await expect(await canvas.findByText('100,000 rows')).toBeVisible();
    canvas.getByRole('list', { name: 'Rows of todos, by id' }).scrollTop = 28 * 50_000;
    await expect(await canvas.findByRole('button', { name: /^row-0050010 / })).toBeVisible();
  },
};
export const SavedFile: Story = {
  render: ({ view }) => <PanelFrame view={view} bundle={troubles} />,
  play: async ({ canvasElement }) => {
    await userEvent.click(await within(canvasElement).findByRole('button', { name: /^t1 / }));
    await expect(await within(canvasElement).findByRole('complementary', { name: 'Row' })).toBeVisible();
  },
};
const { rows: _, ...withoutRows } = troubles;
export const SavedFileWithoutRows: Story = {
  render: ({ view }) => <PanelFrame view={view} bundle={withoutRows} />,
  play: async ({ canvasElement }) => {
    await expect(await within(canvasElement).findByText('No row was saved')).toBeVisible();
  },
};
export const FirstPullUnderWay: Story = {
  args: {
    client: createReplicaClient({
      kinds: [
        {
          ...kind,
          rows: 48_500,
          pending: 0,
          resync: { generation: 1, marking: false, received: 48_500, fetched: false },
        },
      ],
    }).client,
  },
  play: async ({ canvasElement }) => {
    await expect(await within(canvasElement).findByText('first pull: 48,500 rows received, 48,500 here')).toBeVisible();
  },
};
