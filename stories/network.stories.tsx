import type { Meta, StoryObj } from '@storybook/react-vite';
import { expect, userEvent, within } from 'storybook/test';
import busyDay from './fixtures/busy-day.json';
import empty from './fixtures/empty.json';
import longTexts from './fixtures/long-texts.json';
import offlineDay from './fixtures/offline-day.json';
import troubles from './fixtures/troubles.json';
import { longRunning } from './support/long-running.ts';
import { PanelFrame } from './support/panel-frame.tsx';

const meta = {
  title: 'Devtools/Network',
  component: PanelFrame,
  args: { view: 'network', bundle: busyDay },
} satisfies Meta<typeof PanelFrame>;
export default meta;
type Story = StoryObj<typeof meta>;

export const BusyDay: Story = {};
export const Nothing: Story = {
  args: { bundle: { ...empty, entries: [] } },
  play: async ({ canvasElement }) => {
    await expect(await within(canvasElement).findByText('No call yet')).toBeVisible();
  },
};
export const Offline: Story = { args: { bundle: offlineDay } };
export const Dark: Story = { args: { theme: 'dark' } };
export const Narrow: Story = { args: { width: 320, height: 640 } };
export const Wide: Story = { args: { width: 1600 } };
export const LongTexts: Story = {
  args: { bundle: longTexts },
  play: async ({ canvasElement }) => {
    const canvas = within(canvasElement);
    await userEvent.click((await canvas.findAllByRole('button', { name: /push 2 operations/ }))[0] as HTMLElement);
    const detail = await canvas.findByRole('complementary', { name: 'Call' });
    await expect(detail.scrollWidth).toBeLessThanOrEqual(detail.clientWidth);
  },
};

export const TriesOfTheSame: Story = {
  play: async ({ canvasElement }) => {
    const canvas = within(canvasElement);
    await userEvent.click((await canvas.findAllByRole('button', { name: /^\d tries$/ }))[0] as HTMLElement);
    await userEvent.click(await canvas.findByRole('button', { name: /try 1: push todos\/n1/ }));
    await expect(await canvas.findByText('try 1, this one')).toBeVisible();
    await expect(canvas.getByText('503 server unavailable')).toBeVisible();
  },
};
export const EachOperationsAnswer: Story = {
  args: { bundle: troubles },
  play: async ({ canvasElement }) => {
    const canvas = within(canvasElement);
    await userEvent.click((await canvas.findAllByRole('button', { name: /^\d tries$/ }))[0] as HTMLElement);
    await userEvent.click(await canvas.findByRole('button', { name: /try 1: push 7 operations/ }));
    await expect(await canvas.findByText('forbidden')).toBeVisible();
    await userEvent.click(canvas.getByRole('button', { name: 'todos/t4' }));
    await expect(await canvas.findByText('What happened')).toBeVisible();
  },
};
export const OnlyFailed: Story = {
  play: async ({ canvasElement }) => {
    const canvas = within(canvasElement);
    await userEvent.selectOptions(await canvas.findByLabelText('End'), 'error');
    await userEvent.selectOptions(canvas.getByLabelText('Call'), 'fetch');
    await expect(await canvas.findByText('No call fits')).toBeVisible();
  },
};
const faulty = {
  ...offlineDay,
  entries: offlineDay.entries.map((entry) =>
    entry.type === 'request' && entry.method === 'push' ? { ...entry, faults: ['offline', 'latency'] } : entry,
  ),
};
export const FaultsMarked: Story = {
  args: { bundle: faulty },
  play: async ({ canvasElement }) => {
    await expect(await within(canvasElement).findByText('offline, latency')).toBeVisible();
  },
};
export const ThousandsOfCalls: Story = { args: { client: longRunning(busyDay, 50_000) } };
