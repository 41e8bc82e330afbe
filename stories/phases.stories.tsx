import type { Meta, StoryObj } from '@storybook/react-vite';
import { expect, within } from 'storybook/test';
import { phaseNames } from '../src/devtools/views/words/phase-tone.ts';
import { phaseBundle } from './support/captured-phases.ts';
import { PanelFrame } from './support/panel-frame.tsx';
import { createScriptedClient } from './support/scripted-client.ts';
import type { SyncPhaseName } from '../src/model/status.ts';

const meta = {
  title: 'Devtools/Phases',
  component: PanelFrame,
  args: { view: 'timeline', height: 360 },
} satisfies Meta<typeof PanelFrame>;
export default meta;
type Story = StoryObj<typeof meta>;

/** An engine as it was first seen in a phase. `pulling` is left at once for its pages, so nobody sees it. */
const inPhase = (phase: SyncPhaseName): Story => ({
  args: { client: createScriptedClient(phaseBundle(phase)).client },
  play: async ({ canvasElement }) => {
    const [status] = await within(canvasElement).findAllByRole('status');
    await expect(status).toHaveTextContent(phaseNames[phase]);
  },
});

export const Starting: Story = inPhase('starting');
export const Idle: Story = inPhase('idle');
export const Planning: Story = inPhase('planning');
export const Pushing: Story = inPhase('pushing');
export const ResolvingConflict: Story = inPhase('resolvingConflict');
export const Paging: Story = inPhase('paging');
export const FirstPull: Story = inPhase('firstPull');
export const FullResync: Story = inPhase('fullResync');
export const Finishing: Story = inPhase('finishing');
export const Backoff: Story = inPhase('backoff');
export const Paused: Story = inPhase('paused');
export const Offline: Story = inPhase('offline');
export const SignInNeeded: Story = inPhase('authRequired');
export const StandingBy: Story = inPhase('standby');
export const Failed: Story = inPhase('failed');
export const Stopped: Story = inPhase('stopped');
