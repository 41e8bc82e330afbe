import type { Meta, StoryObj } from '@storybook/react-vite';
import { expect, within } from 'storybook/test';
import type { StorageStatus } from '../../src/model/storage-status.ts';
import { StorageNotice } from '../../src/react-ui.ts';
import { UiFrame } from '../support/ui-frame.tsx';

const storage: StorageStatus = { mode: 'opfs', role: 'owner', tab: 'tab-1', persisted: true };
const meta = {
  title: 'Components/StorageNotice',
  component: UiFrame,
  args: { children: <StorageNotice />, status: { storage } },
} satisfies Meta<typeof UiFrame>;
export default meta;
type Story = StoryObj<typeof meta>;

const says =
  (text: RegExp): NonNullable<Story['play']> =>
  async ({ canvasElement }) => {
    await expect(await within(canvasElement).findByText(text)).toBeVisible();
  };

export const AllWell: Story = {};
export const InMemory: Story = {
  args: { status: { pending: 2, storage: { ...storage, mode: 'memory', reason: 'This window is private.' } } },
  play: says(/Kept in memory only/),
};
export const Outdated: Story = {
  args: { status: { storage: { ...storage, role: 'outdated' } } },
  play: says(/Reload needed/),
};
export const Damaged: Story = {
  args: {
    status: { storage: { ...storage, damage: 'row 12 missing from index' } },
    children: (
      <StorageNotice
        actionsOf={() => (
          <button type="button" className="synchart-button">
            Save a copy
          </button>
        )}
      />
    ),
  },
  play: says(/Database damaged/),
};
export const NearlyFull: Story = {
  args: { status: { storage: { ...storage, quota: 100, usage: 96 } } },
  play: says(/96% is used/),
};
export const Dark: Story = { ...InMemory, args: { ...InMemory.args, scheme: 'dark' } };
export const Narrow: Story = { ...Outdated, args: { ...Outdated.args, width: 320 } };
