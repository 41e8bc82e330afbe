import type { Meta, StoryObj } from '@storybook/react-vite';
import { expect, userEvent, waitFor, within } from 'storybook/test';
import type { DevtoolsClient, PanelState } from '../src/devtools/client/devtools-client.ts';
import type { EngineView } from '../src/devtools/protocol/engine-view.ts';
import type { DevtoolsCommand } from '../src/devtools/protocol/messages.ts';
import busyDay from './fixtures/busy-day.json';
import empty from './fixtures/empty.json';
import { phaseBundle } from './support/captured-phases.ts';
import { PanelFrame } from './support/panel-frame.tsx';
import { createScriptedClient, type ScriptedClient } from './support/scripted-client.ts';

const meta = {
  title: 'Devtools/Status bar',
  component: PanelFrame,
  args: { view: 'outbox', height: 240 },
} satisfies Meta<typeof PanelFrame>;
export default meta;
type Story = StoryObj<typeof meta>;

const showing = (part: Partial<EngineView>, bundle = phaseBundle('idle')): ScriptedClient => {
  const scripted = createScriptedClient(bundle);
  scripted.show(part);
  return scripted;
};
const says =
  (...texts: readonly string[]): NonNullable<Story['play']> =>
  async ({ canvasElement }) => {
    for (const text of texts) await expect(await within(canvasElement).findByText(text)).toBeVisible();
  };
/** A panel without an engine to talk to. */
const without = (state: Partial<PanelState>): DevtoolsClient => {
  const { client } = createScriptedClient(empty);
  const shown = { ...client.getState(), ...state };
  return { ...client, getState: () => shown };
};

export const Resting: Story = {
  args: { client: showing({}).client },
  play: says('0 pending', 'online', 'signed in', 'no leader'),
};
export const Leading: Story = { args: { client: showing({}, phaseBundle('pushing')).client }, play: says('leader') };
export const AnotherLeads: Story = {
  args: { client: showing({}, phaseBundle('standby')).client },
  play: says('another leads'),
};
const signedOut = showing({}, phaseBundle('authRequired'));
export const SignedOut: Story = {
  args: { client: signedOut.client },
  play: async ({ canvasElement }) => {
    const canvas = within(canvasElement);
    await expect(await canvas.findByText('signed out')).toBeVisible();
    await userEvent.click(canvas.getByRole('button', { name: 'Signed in again' }));
    await expect(signedOut.commands).toEqual([{ type: 'signedIn' }]);
    signedOut.show({ session: 'signedIn' });
    await waitFor(() => expect(canvas.queryByRole('button', { name: 'Signed in again' })).toBeNull());
  },
};
const waiting = showing({}, phaseBundle('backoff'));
const { view: backingOff } = waiting.client.getState();
// A longer wait than the first one, so that there is something to count.
if (backingOff !== undefined) waiting.show({ status: { ...backingOff.status, retryAt: backingOff.at + 8_000 } });
export const NextRetryCountsDown: Story = {
  args: { client: waiting.client },
  play: async ({ canvasElement }) => {
    const canvas = within(canvasElement);
    const before = (await canvas.findByText(/^again in /)).textContent;
    await waitFor(() => expect(canvas.getByText(/^again in /).textContent).not.toBe(before), { timeout: 3_000 });
  },
};
const throughput = Array.from({ length: 60 }, (_, second) => Math.round(400 + 380 * Math.sin(second / 5)));
export const Throughput: Story = {
  args: {
    client: showing({
      throughput,
      lease: 'held',
      status: {
        phase: 'paging',
        pending: 1_240,
        stuck: 2,
        conflicts: 1,
        online: true,
        paused: false,
        progress: { phase: 'pull', done: 48_500, total: 135_000, kind: 'cities' },
      },
    }).client,
  },
  play: says('48,500 of 135,000 cities', `${throughput.at(-2)}/s`, '1,242 pending', '2 stuck', '1 conflict'),
};
export const FaultsOn: Story = {
  args: { client: showing({ faults: { offline: true } }).client },
  play: async ({ canvasElement }) => {
    await userEvent.click(await within(canvasElement).findByRole('button', { name: 'faults on' }));
    await expect(await within(canvasElement).findByText('On now: offline.')).toBeVisible();
  },
};
export const NotRecording: Story = {
  args: { client: showing({ recording: false }).client },
  play: async ({ canvasElement }) => {
    await userEvent.click(await within(canvasElement).findByRole('button', { name: 'not recording' }));
    await expect(await within(canvasElement).findByRole('button', { name: 'Record what happens' })).toBeVisible();
  },
};
export const AnotherAccount: Story = {
  args: { client: showing({ scopeChanged: true }).client },
  play: says('another account'),
};
export const LongError: Story = {
  args: { bundle: busyDay },
  play: async ({ canvasElement }) => {
    const bar = canvasElement.querySelector('.sc-status');
    // However much there is to say, the bar is one line.
    await expect(bar?.clientHeight).toBeLessThan(40);
  },
};
export const Narrow: Story = { args: { bundle: busyDay, width: 320 } };
export const Dark: Story = { args: { bundle: busyDay, theme: 'dark' } };
export const Connecting: Story = {
  args: { client: without({ connection: 'connecting', view: undefined, engine: undefined }) },
  play: says('Waiting for an engine…'),
};
export const Refused: Story = {
  args: {
    client: without({
      connection: 'refused',
      view: undefined,
      engine: undefined,
      complaint: 'this engine speaks version 2 of the devtools protocol',
    }),
  },
  play: says('this engine speaks version 2 of the devtools protocol'),
};
export const EngineGone: Story = { args: { client: without({ connection: 'lost' }) }, play: says('engine gone') };
const steering = createScriptedClient(empty, {
  run: (command, { show, client }) => {
    const { view } = client.getState();
    if (view !== undefined && command.type === 'pause')
      show({ status: { ...view.status, phase: 'paused', paused: true } });
    if (command.type === 'sync') throw new Error('sync() was asked for while the engine is paused');
    return null;
  },
});
export const Steered: Story = {
  args: { client: steering.client },
  play: async ({ canvasElement }) => {
    const canvas = within(canvasElement);
    await userEvent.click(await canvas.findByRole('button', { name: 'Pause' }));
    await expect(await canvas.findByRole('button', { name: 'Resume' })).toBeVisible();
    await userEvent.click(canvas.getByRole('button', { name: 'Sync now' }));
    await expect(await canvas.findByText('sync() was asked for while the engine is paused')).toBeVisible();
  },
};

/** What is wrong, in one line, with what helps. */
export const Diagnosed: Story = {
  args: {
    client: showing({
      diagnosis: [
        {
          code: 'stuck',
          level: 'warning',
          text: '3 changes cannot be sent: the server refused too often. It says: the title is too long',
          remedies: ['Correct the change.', 'Send the change again.', 'Drop the change.'],
          codes: ['amend', 'retry', 'drop'],
        },
      ],
    }).client,
  },
  play: says('Correct the change. Send the change again. Drop the change.', 'Show the changes', 'Retry all stuck'),
};
export const DiagnosedNarrow: Story = {
  args: { ...Diagnosed.args, width: 320 },
  play: says('Show the changes', 'Retry all stuck'),
};
const otherAccount = showing({
  scopeChanged: true,
  diagnosis: [
    {
      code: 'otherAccount',
      level: 'error',
      text: 'This device holds data of another account. 2 changes wait.',
      remedies: ['Keep the data for the current account.', 'Clear this device for the current account.'],
      codes: ['adoptScope', 'clearScope'],
    },
  ],
});
/** Both remedies count, so both ask first. */
export const AnotherAccountDiagnosed: Story = {
  args: { client: otherAccount.client },
  play: async ({ canvasElement }) => {
    const canvas = within(canvasElement);
    await userEvent.click(await canvas.findByRole('button', { name: 'Clear this device…' }));
    await expect(otherAccount.commands).toEqual([]);
    await userEvent.click(await canvas.findByRole('button', { name: 'Clear this device' }));
    await expect(otherAccount.commands).toEqual([{ type: 'clearScope' }]);
  },
};
/** Nobody waits for a run before asking for the next attempt. */
const trying = createScriptedClient(phaseBundle('backoff'));
const never = {
  ...trying.client,
  command: (command: DevtoolsCommand) => {
    trying.commands.push(command);
    return new Promise<never>(() => undefined);
  },
};
export const TryAgainDuringARun: Story = {
  args: { client: never },
  play: async ({ canvasElement }) => {
    const sync = await within(canvasElement).findByRole('button', { name: 'Sync now' });
    await userEvent.click(sync);
    await expect(sync).toBeEnabled();
    await userEvent.click(sync);
    await expect(trying.commands).toEqual([{ type: 'sync' }, { type: 'sync' }]);
  },
};
/** What failed at a button goes as soon as a run has ended well. */
const healing = createScriptedClient(phaseBundle('idle'), {
  run: () => {
    throw new Error('the server is not there');
  },
});
export const ErrorGoesWithTheNextRun: Story = {
  args: { client: healing.client },
  play: async ({ canvasElement }) => {
    const canvas = within(canvasElement);
    await userEvent.click(await canvas.findByRole('button', { name: 'Sync now' }));
    await expect(await canvas.findByText('the server is not there')).toBeVisible();
    const { view } = healing.client.getState();
    if (view !== undefined) healing.show({ status: { ...view.status, lastSyncedAt: view.at + 3_600_000 } });
    await waitFor(() => expect(canvas.queryByText('the server is not there')).toBeNull());
  },
};
