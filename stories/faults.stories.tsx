import type { Meta, StoryObj } from '@storybook/react-vite';
import { expect, fireEvent, userEvent, within } from 'storybook/test';
import type { FaultSettings } from '../src/devtools/protocol/engine-view.ts';
import empty from './fixtures/empty.json';
import { PanelFrame } from './support/panel-frame.tsx';
import { createScriptedClient, type ScriptedClient } from './support/scripted-client.ts';

const withFaults = (faults: FaultSettings = {}, refuse?: string): ScriptedClient => {
  const scripted = createScriptedClient(empty, {
    run: (command, { show }) => {
      if (refuse !== undefined) throw new Error(refuse);
      if (command.type === 'setFaults') show({ faults: command.faults });
      return null;
    },
  });
  scripted.show({ faults });
  return scripted;
};
const everything: FaultSettings = {
  offline: true,
  latencyMs: 2_500,
  errorRate: 0.3,
  errorType: 'throttled',
  cutReplies: 0.5,
  clockSkewMs: -7_200_000,
};

const meta = {
  title: 'Devtools/Faults',
  component: PanelFrame,
  args: { view: 'faults', client: withFaults().client },
} satisfies Meta<typeof PanelFrame>;
export default meta;
type Story = StoryObj<typeof meta>;

const switched = withFaults();
export const SwitchedOn: Story = {
  args: { client: switched.client },
  play: async ({ canvasElement }) => {
    const canvas = within(canvasElement);
    await expect(await canvas.findByText(/No fault is on/)).toBeVisible();
    await userEvent.click(canvas.getByRole('switch', { name: 'Offline' }));
    await expect(await canvas.findByText('On now: offline.')).toBeVisible();
    await expect(canvas.getByText('faults on')).toBeVisible();
    const latency = canvas.getByRole('slider', { name: 'Latency' });
    await fireEvent.change(latency, { target: { value: '1500' } });
    await expect(switched.commands).toHaveLength(1);
    await fireEvent.pointerUp(latency);
    await expect(await canvas.findByText('On now: offline, 1.5 s later.')).toBeVisible();
    await expect(switched.commands).toEqual([
      { type: 'setFaults', faults: { offline: true } },
      { type: 'setFaults', faults: { offline: true, latencyMs: 1_500 } },
    ]);
  },
};
export const AllOff: Story = {
  args: { client: withFaults(everything).client },
  play: async ({ canvasElement }) => {
    const canvas = within(canvasElement);
    await userEvent.click(await canvas.findByRole('button', { name: 'All off' }));
    await expect(await canvas.findByText(/No fault is on/)).toBeVisible();
  },
};
export const ErrorsByType: Story = {
  args: { client: withFaults({ errorRate: 0.25 }).client },
  play: async ({ canvasElement }) => {
    const canvas = within(canvasElement);
    await userEvent.selectOptions(await canvas.findByLabelText('How calls fail'), 'unauthorized');
    await expect(await canvas.findByText(/stops the engine until somebody signs in/)).toBeVisible();
  },
};
export const Everything: Story = { args: { client: withFaults(everything).client } };
export const Dark: Story = { args: { theme: 'dark', client: withFaults(everything).client } };
export const Wide: Story = { args: { width: 1600, client: withFaults({ latencyMs: 400 }).client } };
export const Narrow: Story = { args: { width: 320, height: 900, client: withFaults(everything).client } };
export const Refused: Story = {
  args: { client: withFaults({}, 'the engine is gone').client },
  play: async ({ canvasElement }) => {
    const canvas = within(canvasElement);
    await userEvent.click(await canvas.findByRole('switch', { name: 'Offline' }));
    await expect(await canvas.findByRole('alert')).toHaveTextContent('the engine is gone');
    await expect(canvas.getByRole('switch', { name: 'Offline' })).not.toBeChecked();
  },
};
export const SavedFile: Story = {
  render: ({ view }) => <PanelFrame view={view} bundle={empty} />,
  play: async ({ canvasElement }) => {
    await expect(await within(canvasElement).findByRole('switch', { name: 'Offline' })).toBeDisabled();
  },
};
