import type { Meta, StoryObj } from '@storybook/react-vite';
import { expect, userEvent, within } from 'storybook/test';
import empty from './fixtures/empty.json';
import troubles from './fixtures/troubles.json';
import conflictKinds from './fixtures/conflict-kinds.json';
import longTexts from './fixtures/long-texts.json';
import { PanelFrame } from './support/panel-frame.tsx';
import { createScriptedClient } from './support/scripted-client.ts';

const meta = {
  title: 'Devtools/Conflicts',
  component: PanelFrame,
  args: { view: 'conflicts', bundle: conflictKinds },
} satisfies Meta<typeof PanelFrame>;
export default meta;
type Story = StoryObj<typeof meta>;

export const None: Story = {
  args: { bundle: empty },
  play: async ({ canvasElement }) => {
    await expect(await within(canvasElement).findByText('No conflict waits')).toBeVisible();
  },
};
const openConflict =
  (entityId: string, title: RegExp): NonNullable<Story['play']> =>
  async ({ canvasElement }) => {
    const canvas = within(canvasElement);
    await userEvent.click(await canvas.findByRole('button', { name: new RegExp(`todos/${entityId}`) }));
    await expect(await canvas.findByRole('heading', { name: title })).toBeVisible();
  };

export const EditAgainstEdit: Story = { play: openConflict('t1', /You and somebody else changed todos\/t1/) };
export const EditAgainstDelete: Story = { play: openConflict('t2', /You changed todos\/t2; somebody else deleted it/) };
export const DeleteAgainstEdit: Story = { play: openConflict('t3', /You deleted todos\/t3; somebody else changed it/) };
export const Delta: Story = {
  play: async (context) => {
    await openConflict('t4', /You and somebody else changed todos\/t4/)(context);
    await expect(await within(context.canvasElement).findByText(/\(\+3\)/)).toBeVisible();
  },
};
export const LongTexts: Story = { args: { bundle: longTexts } };
export const LongTextsNarrow: Story = { args: { bundle: longTexts, width: 320, height: 800 } };
export const Several: Story = { args: { bundle: troubles } };
export const Dark: Story = { args: { theme: 'dark' } };
export const Narrow: Story = { args: { width: 320, height: 760 } };
export const Wide: Story = { args: { width: 1600 } };

const deciding = createScriptedClient(conflictKinds);
export const DecideFieldByField: Story = {
  args: { client: deciding.client, height: 600 },
  play: async ({ canvasElement }) => {
    const canvas = within(canvasElement);
    await userEvent.click(await canvas.findByRole('radio', { name: "title: take the server's" }));
    await userEvent.type(canvas.getByLabelText('Another value of tags, as JSON or text'), '[["home"]');
    await userEvent.click(canvas.getByRole('button', { name: 'Send the merged row' }));
    await expect(deciding.commands).toMatchObject([
      {
        type: 'resolveConflict',
        resolution: { type: 'acceptMerged', data: { title: 'Buy milk, two litres', tags: ['home'], done: true } },
      },
    ]);
  },
};
const giving = createScriptedClient(conflictKinds);
export const TakingTheServersAsksFirst: Story = {
  args: { client: giving.client },
  play: async ({ canvasElement }) => {
    const canvas = within(canvasElement);
    await userEvent.click(await canvas.findByRole('button', { name: "Take the server's…" }));
    await expect(giving.commands).toEqual([]);
    await userEvent.click(await canvas.findByRole('button', { name: "Take the server's" }));
    await expect(giving.commands).toMatchObject([{ type: 'resolveConflict', resolution: { type: 'acceptServer' } }]);
  },
};
export const WhatEachStrategyWouldDo: Story = {
  args: { height: 900 },
  play: async ({ canvasElement }) => {
    const canvas = within(canvasElement);
    await userEvent.click(await canvas.findByText('lastWriteWins'));
    await expect(await canvas.findByRole('group', { name: 'Result of lastWriteWins' })).toBeVisible();
  },
};
const refusing = createScriptedClient(conflictKinds, {
  run: () => {
    throw new Error('the conflict was decided meanwhile');
  },
});
export const Refused: Story = {
  args: { client: refusing.client },
  play: async ({ canvasElement }) => {
    const canvas = within(canvasElement);
    await userEvent.click(await canvas.findByRole('button', { name: 'Send mine' }));
    await expect(await canvas.findByRole('alert')).toHaveTextContent('decided meanwhile');
  },
};
const offline = createScriptedClient(conflictKinds);
offline.show({ status: { phase: 'offline', pending: 4, stuck: 0, conflicts: 4, online: false, paused: false } });
export const Offline: Story = { args: { client: offline.client } };
export const DatabaseFails: Story = {
  args: {
    client: createScriptedClient(conflictKinds, {
      answers: {
        conflicts: () => {
          throw new Error('SQLITE_IOERR: disk I/O error');
        },
      },
    }).client,
  },
  play: async ({ canvasElement }) => {
    await expect(await within(canvasElement).findByRole('alert')).toHaveTextContent('disk I/O error');
  },
};
