import type { Meta, StoryObj } from '@storybook/react-vite';
import { expect, userEvent, within } from 'storybook/test';
import { SyncIndicator } from '../../src/react-ui.ts';
import { allCodes, sampleFinding } from '../support/sample-findings.ts';
import { ForEach, UiFrame, type UiFrameProps } from '../support/ui-frame.tsx';

const meta = {
  title: 'Components/SyncIndicator',
  component: UiFrame,
  args: { children: <SyncIndicator /> },
} satisfies Meta<typeof UiFrame>;
export default meta;
type Story = StoryObj<typeof meta>;

/** Opens the details and waits until they say something. */
const opened =
  (name: RegExp, text: string | RegExp): NonNullable<Story['play']> =>
  async ({ canvasElement }) => {
    await userEvent.click(await within(canvasElement).findByRole('button', { name }));
    const details = await within(document.body).findByRole('dialog', { name: 'Synchronisation' });
    await expect(await within(details).findByText(text)).toBeVisible();
  };
const of = (...codes: Parameters<typeof sampleFinding>[0][]): Pick<UiFrameProps, 'findings'> => ({
  findings: codes.map(sampleFinding),
});

export const NotSyncedYet: Story = {};
export const UpToDate: Story = {
  args: { scene: ({ engine }) => engine.sync() },
  play: opened(/Up to date/, /Everything is up to date/),
};
export const UpToDateNotGuaranteed: Story = {
  args: of('notPersisted', 'allWell'),
  play: opened(/Up to date/, /The browser may delete the data/),
};
export const Paused: Story = {
  args: { scene: ({ engine }) => engine.pause() },
  play: opened(/Paused/, /Synchronising is paused/),
};
export const Offline: Story = {
  args: { ...of('offline'), status: { pending: 5, online: false } },
  play: opened(/Offline/, /5 changes wait on this device/),
};
export const Retrying: Story = { args: of('retrying'), play: opened(/Trying again/, /The next attempt is/) };
export const Several: Story = {
  args: { ...of('signInNeeded', 'conflict', 'stuck', 'memoryStorage'), status: { pending: 3, stuck: 1, conflicts: 2 } },
  play: opened(/Signed out/, /Change refused/),
};
export const SeveralDark: Story = { ...Several, args: { ...Several.args, scheme: 'dark' } };
export const SeveralNarrow: Story = { ...Several, args: { ...Several.args, width: 320 } };
export const Busy: Story = { args: { ...of('syncing'), status: { phase: 'pulling', pending: 12 } } };
export const WithButtonsOfTheApp: Story = {
  args: {
    ...of('signInNeeded', 'conflict'),
    children: <SyncIndicator onRemedy={{ signIn: () => undefined, decideConflict: () => undefined }} />,
  },
  play: opened(/Signed out/, /Somebody else changed 2 records/),
};

const everything = allCodes.map(sampleFinding);
const every = (
  <ForEach findings={everything}>
    <SyncIndicator />
  </ForEach>
);
export const EveryFinding: Story = { args: { children: every } };
export const EveryFindingDark: Story = { args: { children: every, scheme: 'dark' } };
export const EveryFindingInWords: Story = {
  args: { findings: everything },
  play: opened(/Reload needed/, /refused too often/),
};
