import type { Meta, StoryObj } from '@storybook/react-vite';
import { expect, userEvent, within } from 'storybook/test';
import busyDay from './fixtures/busy-day.json';
import empty from './fixtures/empty.json';
import firstPull from './fixtures/first-pull.json';
import longTexts from './fixtures/long-texts.json';
import offlineDay from './fixtures/offline-day.json';
import troubles from './fixtures/troubles.json';
import { longRunning } from './support/long-running.ts';
import { PanelFrame } from './support/panel-frame.tsx';
import { createScriptedClient, type ScriptedClient } from './support/scripted-client.ts';

const meta = {
  title: 'Devtools/Timeline',
  component: PanelFrame,
  args: { view: 'timeline', bundle: busyDay },
} satisfies Meta<typeof PanelFrame>;
export default meta;
type Story = StoryObj<typeof meta>;

export const BusyDay: Story = {
  play: async ({ canvasElement }) => {
    await expect(
      await within(canvasElement).findByRole('button', { name: /^Run 5, completed after \d+ ms, \d+ requests$/ }),
    ).toBeVisible();
    // A saved file is read-only.
    await expect(within(canvasElement).queryByRole('group', { name: 'Recording' })).toBeNull();
  },
};
/** The resync that fetches all rows for the first time has its own wording. */
export const FirstPull: Story = {
  args: { bundle: firstPull },
  play: async ({ canvasElement }) => {
    const canvas = within(canvasElement);
    await userEvent.type(await canvas.findByLabelText('Find a word or id'), 'resync.started');
    const announced = await canvas.findAllByRole('button', { name: /resync\.started/ });
    await expect(announced).toHaveLength(2);
    await expect(announced[0]).toHaveTextContent(/first pull/);
    await expect(announced[1]).not.toHaveTextContent(/first pull/);
  },
};
export const Nothing: Story = { args: { bundle: { ...empty, entries: [] } } };
export const Offline: Story = { args: { bundle: offlineDay } };
export const Troubles: Story = { args: { bundle: troubles } };
export const Dark: Story = { args: { theme: 'dark' } };
export const Wide: Story = { args: { width: 1600 } };
export const LongTexts: Story = { args: { bundle: longTexts } };
export const Narrow: Story = { args: { width: 320, height: 640 } };

export const JumpToARun: Story = {
  play: async ({ canvasElement }) => {
    const canvas = within(canvasElement);
    await userEvent.click(await canvas.findByRole('button', { name: /^Run 2,/ }));
    await expect(await canvas.findByRole('complementary', { name: 'Entry' })).toBeVisible();
    await userEvent.click(canvas.getByRole('button', { name: 'Only run 2' }));
    await expect(await canvas.findByText(/^\d+ of \d+$/)).toBeVisible();
  },
};
export const Requests: Story = {
  play: async ({ canvasElement }) => {
    const canvas = within(canvasElement);
    await userEvent.selectOptions(await canvas.findByLabelText('Type'), 'request');
    await userEvent.type(canvas.getByLabelText('Find a word or id'), 'rejected');
    await userEvent.click((await canvas.findAllByRole('button', { name: /push 3 operations/ }))[0] as HTMLElement);
    await expect(await canvas.findByText('As it was written')).toBeVisible();
  },
};
export const ToTheOperation: Story = {
  args: { bundle: troubles },
  play: async ({ canvasElement }) => {
    const canvas = within(canvasElement);
    await userEvent.type(await canvas.findByLabelText('Find a word or id'), 'op.failed');
    await userEvent.click((await canvas.findAllByRole('button', { name: /todos\/t3/ }))[0] as HTMLElement);
    await userEvent.click(await canvas.findByRole('button', { name: /^Operation/ }));
    await expect(await canvas.findByRole('heading', { name: 'todos/t3' })).toBeVisible();
  },
};
const growing = createScriptedClient(busyDay);
export const Held: Story = {
  args: { client: growing.client },
  play: async ({ canvasElement }) => {
    const canvas = within(canvasElement);
    await userEvent.click(await canvas.findByRole('button', { name: 'Hold the list' }));
    const before = (await canvas.findByText(/entries$/)).textContent;
    growing.log(5);
    await expect(await canvas.findByRole('button', { name: 'Held, 5 new' })).toBeVisible();
    await expect(canvas.getByText(/entries$/)).toHaveTextContent(before ?? '');
  },
};
export const HundredThousandEntries: Story = {
  args: { client: longRunning(busyDay, 100_000) },
  play: async ({ canvasElement }) => {
    const canvas = within(canvasElement);
    await expect(await canvas.findByText('100,000 entries')).toBeVisible();
    const list = canvas.getByRole('list', { name: 'Log, oldest first' });
    for (let step = 0; step < 60; step += 1) {
      list.scrollTop = (list.scrollHeight / 60) * step;
      await new Promise((resolve) => requestAnimationFrame(resolve));
    }
    // Only what is in sight is in the page, wherever one scrolls to; how fast, the bench says.
    await expect(within(list).getAllByRole('listitem').length).toBeLessThan(60);
  },
};

export const OfOneRecord: Story = {
  args: { bundle: troubles },
  play: async ({ canvasElement }) => {
    const canvas = within(canvasElement);
    await userEvent.type(await canvas.findByLabelText('Find a word or id'), 'op.stuck');
    await userEvent.click((await canvas.findAllByRole('button', { name: /op.stuck/ }))[0] as HTMLElement);
    await userEvent.clear(canvas.getByLabelText('Find a word or id'));
    await userEvent.click(await canvas.findByRole('button', { name: 'Only todos/t3' }));
    await expect(canvas.getByLabelText('Entity id')).toHaveValue('t3');
    await expect(canvas.getByLabelText('Kind')).toHaveValue('todos');
    await expect((await canvas.findAllByRole('button', { name: /op.failed/ })).length).toBeGreaterThan(0);
    await expect(canvas.queryByText(/t4/)).toBeNull();
  },
};
export const OfOneKind: Story = {
  args: { bundle: troubles },
  play: async ({ canvasElement }) => {
    const canvas = within(canvasElement);
    await userEvent.selectOptions(await canvas.findByLabelText('Kind'), 'todos');
    await userEvent.selectOptions(canvas.getByLabelText('Type'), 'event');
    await expect(canvas.queryByRole('button', { name: /sync.completed/ })).toBeNull();
  },
};
export const NothingFits: Story = {
  play: async ({ canvasElement }) => {
    const canvas = within(canvasElement);
    await userEvent.type(await canvas.findByLabelText('Entity id'), 'nobody');
    await expect(await canvas.findByText('No entry fits')).toBeVisible();
  },
};
export const ZoomedIn: Story = {
  play: async ({ canvasElement }) => {
    const canvas = within(canvasElement);
    const zoom = await canvas.findByRole('button', { name: 'Zoom in' });
    await userEvent.click(zoom);
    await userEvent.click(zoom);
    const runs = canvas.getByRole('group', { name: 'Runs, oldest first' });
    await expect(runs.scrollWidth).toBeGreaterThan(runs.clientWidth * 3);
    await userEvent.click(canvas.getByRole('button', { name: 'Show all runs' }));
    await expect(runs.scrollWidth).toBeLessThan(runs.clientWidth * 1.1);
  },
};

/** An engine that heeds what is asked of its log. */
const recording = (): ScriptedClient =>
  createScriptedClient(busyDay, {
    run: (command, engine) => {
      if (command.type === 'record') engine.show({ recording: command.on });
      if (command.type === 'clearLog') engine.clear();
      return null;
    },
  });
const stopped = recording();
export const StopAndGoOn: Story = {
  args: { client: stopped.client },
  play: async ({ canvasElement }) => {
    const canvas = within(canvasElement);
    const record = await canvas.findByRole('button', { name: 'Record what happens', pressed: true });
    await userEvent.click(record);
    await expect(await canvas.findByText('not recording')).toBeVisible();
    await expect(record).toHaveAttribute('aria-pressed', 'false');
    // The list is not held by it.
    await expect(canvas.getByRole('button', { name: 'Hold the list', pressed: false })).toBeVisible();
    await userEvent.click(record);
    await expect(record).toHaveAttribute('aria-pressed', 'true');
    await expect(stopped.commands).toEqual([
      { type: 'record', on: false },
      { type: 'record', on: true },
    ]);
  },
};
const off = recording();
off.show({ recording: false });
export const NotRecording: Story = {
  args: { client: off.client, theme: 'dark' },
  play: async ({ canvasElement }) => {
    await expect(
      await within(canvasElement).findByRole('button', { name: 'Record what happens', pressed: false }),
    ).toBeVisible();
  },
};
const cleared = recording();
export const ClearTheLog: Story = {
  args: { client: cleared.client },
  play: async ({ canvasElement }) => {
    const canvas = within(canvasElement);
    // What is selected and held goes, too.
    await userEvent.click(await canvas.findByRole('button', { name: /^Run 2,/ }));
    await expect(await canvas.findByRole('complementary', { name: 'Entry' })).toBeVisible();
    await userEvent.click(canvas.getByRole('button', { name: 'Hold the list' }));
    const clear = canvas.getByRole('button', { name: 'Clear the log…' });
    await userEvent.click(clear);
    await userEvent.click(
      within(await canvas.findByRole('dialog', { name: /^Clear the log of \d+ entries\?$/ })).getByRole('button', {
        name: 'Cancel',
      }),
    );
    await expect(cleared.commands).toEqual([]);
    await userEvent.click(clear);
    await userEvent.click(await canvas.findByRole('button', { name: 'Clear the log' }));
    await expect(cleared.commands).toEqual([{ type: 'clearLog' }]);
    await expect(await canvas.findByText('1 entry')).toBeVisible();
    await expect(canvas.getByRole('button', { name: /clearLog from the panel/ })).toBeVisible();
    await expect(canvas.queryByRole('complementary', { name: 'Entry' })).toBeNull();
    await expect(canvas.getByRole('button', { name: 'Hold the list', pressed: false })).toBeVisible();
  },
};
export const ClearIsAsked: Story = {
  args: { client: recording().client, theme: 'dark' },
  play: async ({ canvasElement }) => {
    const canvas = within(canvasElement);
    await userEvent.click(await canvas.findByRole('button', { name: 'Clear the log…' }));
    await expect(await canvas.findByRole('dialog', { name: /^Clear the log of/ })).toBeVisible();
  },
};
export const ClearFails: Story = {
  args: {
    client: createScriptedClient(busyDay, {
      run: () => {
        throw new Error('the engine is gone');
      },
    }).client,
  },
  play: async ({ canvasElement }) => {
    const canvas = within(canvasElement);
    await userEvent.click(await canvas.findByRole('button', { name: 'Clear the log…' }));
    await userEvent.click(await canvas.findByRole('button', { name: 'Clear the log' }));
    await expect(await canvas.findByRole('alert')).toHaveTextContent('the engine is gone');
  },
};
export const LiveNarrow: Story = {
  args: { client: recording().client, width: 320, height: 640 },
  play: async ({ canvasElement }) => {
    const canvas = within(canvasElement);
    const bar = (await canvas.findByRole('group', { name: 'Recording' })).closest('.sc-toolbar') as HTMLElement;
    await expect(bar.scrollWidth).toBeLessThanOrEqual(bar.clientWidth);
    await userEvent.click(canvas.getByRole('button', { name: 'Record what happens' }));
    await userEvent.click(canvas.getByRole('button', { name: 'Clear the log…' }));
    await userEvent.click(await canvas.findByRole('button', { name: 'Clear the log' }));
    await expect(await canvas.findByText('1 entry')).toBeVisible();
  },
};
