import type { Meta, StoryObj } from '@storybook/react-vite';
import { expect, userEvent, within } from 'storybook/test';
import offlineDay from './fixtures/offline-day.json';
import troubles from './fixtures/troubles.json';
import { PanelFrame } from './support/panel-frame.tsx';
import { createScriptedClient } from './support/scripted-client.ts';

const meta = {
  title: 'Devtools/Panel',
  component: PanelFrame,
  args: { view: 'outbox', bundle: troubles },
} satisfies Meta<typeof PanelFrame>;
export default meta;
type Story = StoryObj<typeof meta>;

export const TabsByKeyboard: Story = {
  play: async ({ canvasElement }) => {
    const canvas = within(canvasElement);
    const outbox = await canvas.findByRole('tab', { name: 'Outbox' });
    outbox.focus();
    await userEvent.keyboard('{ArrowRight}{ArrowRight}');
    await expect(canvas.getByRole('tab', { name: 'Timeline' })).toHaveFocus();
    await expect(await canvas.findByRole('list', { name: 'Log, oldest first' })).toBeVisible();
    await userEvent.keyboard('{End}');
    await expect(canvas.getByRole('tab', { name: 'Faults' })).toHaveAttribute('aria-selected', 'true');
    await userEvent.keyboard('{ArrowRight}');
    await expect(outbox).toHaveFocus();
    await userEvent.keyboard('{ArrowLeft}{Home}');
    await expect(outbox).toHaveAttribute('aria-selected', 'true');
    // One of them is a stop of the Tab key; the next one is in the view.
    await userEvent.keyboard('{Tab}');
    await expect(canvas.getByLabelText('State')).toHaveFocus();
  },
};
/** The tab of the view is in sight, however narrow the panel is. */
export const NarrowTabs: Story = {
  args: { view: 'faults', width: 320 },
  play: async ({ canvasElement }) => {
    const tab = await within(canvasElement).findByRole('tab', { name: 'Faults' });
    const frame = tab.parentElement?.getBoundingClientRect();
    await expect(tab.getBoundingClientRect().right).toBeLessThanOrEqual((frame?.right ?? 0) + 1);
  },
};
/** What was opened from another view, and closed, opens once more. */
export const TheSameTwice: Story = {
  args: { view: 'timeline' },
  play: async ({ canvasElement }) => {
    const canvas = within(canvasElement);
    const open = async (): Promise<void> => {
      await userEvent.type(await canvas.findByLabelText('Find a word or id'), 'op.stuck');
      await userEvent.click((await canvas.findAllByRole('button', { name: /op.stuck/ }))[0] as HTMLElement);
      await userEvent.click(await canvas.findByRole('button', { name: /^Operation/ }));
      await expect(await canvas.findByRole('heading', { name: 'todos/t3' })).toBeVisible();
    };
    await open();
    await userEvent.click(canvas.getByRole('button', { name: 'Close' }));
    await expect(canvas.queryByRole('heading', { name: 'todos/t3' })).toBeNull();
    await userEvent.click(canvas.getByRole('tab', { name: 'Timeline' }));
    await open();
  },
};
/** The row of the operation stays in the list; its place is shown when one comes from the status bar. */
export const FromTheStatusBar: Story = {
  args: { view: 'faults' },
  play: async ({ canvasElement }) => {
    const canvas = within(canvasElement);
    await userEvent.click(await canvas.findByRole('button', { name: /conflicts$/ }));
    await expect(canvas.getByRole('tab', { name: 'Conflicts' })).toHaveAttribute('aria-selected', 'true');
    await userEvent.click(canvas.getByRole('button', { name: /pending$/ }));
    await expect(canvas.getByRole('tab', { name: 'Outbox' })).toHaveAttribute('aria-selected', 'true');
  },
};
/** A file that is dropped on the panel is shown instead of the engine, read-only. */
export const FileDropped: Story = {
  render: ({ view }) => <PanelFrame view={view} client={dropping.client} />,
  play: async ({ canvasElement }) => {
    const canvas = within(canvasElement);
    const panel = await canvas.findByRole('region', { name: 'synchart devtools' });
    const dataTransfer = new DataTransfer();
    dataTransfer.items.add(new File([JSON.stringify(offlineDay)], 'yesterday.json', { type: 'application/json' }));
    for (const type of ['dragover', 'drop']) {
      const event = new DragEvent(type, { bubbles: true, cancelable: true, dataTransfer });
      panel.dispatchEvent(event);
      // Otherwise the browser would leave the page for the file.
      await expect(event.defaultPrevented).toBe(true);
    }
    await expect(await canvas.findByText('saved file')).toBeVisible();
    await expect(canvas.queryByRole('button', { name: 'Pause' })).toBeNull();
    await expect((await canvas.findAllByRole('button', { name: /todos\/n1/ })).length).toBe(1);
    await expect(dropping.commands).toEqual([]);
  },
};
const dropping = createScriptedClient(troubles);
