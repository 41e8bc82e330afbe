import type { Meta, StoryObj } from '@storybook/react-vite';
import { expect, userEvent, waitFor, within } from 'storybook/test';
import type { StateValueJson } from '../src/devtools/protocol/log-entry.ts';
import { phaseInLog } from '../src/devtools/views/words/phase-in-log.ts';
import busyDay from './fixtures/busy-day.json';
import offlineDay from './fixtures/offline-day.json';
import troubles from './fixtures/troubles.json';
import { capturedPhases, phaseBundle } from './support/captured-phases.ts';
import { PanelFrame } from './support/panel-frame.tsx';
import { createScriptedClient } from './support/scripted-client.ts';

const meta = {
  title: 'Devtools/Chart',
  component: PanelFrame,
  args: { view: 'chart', bundle: troubles, height: 600 },
} satisfies Meta<typeof PanelFrame>;
export default meta;
type Story = StoryObj<typeof meta>;

const drawing = (canvasElement: HTMLElement): Promise<HTMLElement> =>
  within(canvasElement).findByRole('figure', { name: /^Drawing of the chart/ }, { timeout: 10_000 });
const viewport = (canvasElement: HTMLElement): string =>
  canvasElement.querySelector<HTMLElement>('.react-flow__viewport')?.style.transform ?? '';

/** Where a panel begins: about ten states, all of them in sight. */
const showFullChart = async (canvasElement: HTMLElement): Promise<void> => {
  const overview = await within(canvasElement).findByLabelText('overview');
  await userEvent.click(overview);
  await drawing(canvasElement);
};

export const Paused: Story = {
  play: async ({ canvasElement }) => {
    await expect(await drawing(canvasElement)).toBeVisible();
  },
};
export const Waiting: Story = { args: { bundle: offlineDay } };
/** The busy day again, as it was in the middle of its last push. */
const lastPush = busyDay.entries.findLast(
  ({ type, value }) => type === 'transition' && phaseInLog((value ?? '') as StateValueJson) === 'pushing',
);
const pushing = createScriptedClient({
  ...busyDay,
  entries: busyDay.entries.filter(({ id }) => id <= (lastPush?.id ?? 0)),
});
const { view: pushingView } = capturedPhases.phases.find(({ phase }) => phase === 'pushing') ?? {};
if (pushingView !== undefined)
  pushing.show({
    ...pushingView,
    at: lastPush?.at ?? 0,
    status: { ...pushingView.status, pending: 2 },
    throughput: busyDay.view.throughput,
  });
export const Pushing: Story = { args: { client: pushing.client } };
export const Failed: Story = { args: { bundle: phaseBundle('failed') } };
export const Offline: Story = { args: { bundle: phaseBundle('offline') } };
const missing = createScriptedClient(troubles);
const nobody = { ...missing.client.getState(), connection: 'connecting' as const, view: undefined, engine: undefined };
export const NoEngine: Story = {
  args: { client: { ...missing.client, getState: () => nobody } },
  play: async ({ canvasElement }) => {
    await expect(await within(canvasElement).findByText('No engine yet')).toBeVisible();
  },
};
export const StateOpened: Story = {
  play: async ({ canvasElement }) => {
    const canvas = within(canvasElement);
    await userEvent.click(await canvas.findByRole('button', { name: /^planning/ }));
    await expect(await canvas.findByText('planRun')).toBeVisible();
  },
};
/** From a stay in a state to what else happened then. */
export const VisitInTheTimeline: Story = {
  args: { bundle: busyDay },
  play: async ({ canvasElement }) => {
    const canvas = within(canvasElement);
    await userEvent.click(await canvas.findByRole('button', { name: /^backoff/ }));
    await expect(await canvas.findByText('Visits')).toBeVisible();
    await userEvent.click((await canvas.findAllByTitle('Show it in the timeline'))[0] as HTMLElement);
    await expect(await canvas.findByRole('complementary', { name: 'Entry' })).toHaveTextContent('→ backoff');
  },
};
/** The button that shows all shows all, of the largest drawing in a small panel, too. */
export const Fits: Story = {
  args: { width: 420, height: 420 },
  play: async ({ canvasElement }) => {
    const canvas = within(canvasElement);
    await showFullChart(canvasElement);
    for (const name of ['commands', 'failures', 'inner steps']) await userEvent.click(canvas.getByLabelText(name));
    const frame = await drawing(canvasElement);
    await userEvent.click(within(frame).getByRole('button', { name: 'Fit view' }));
    await waitFor(() => {
      const outer = frame.getBoundingClientRect();
      for (const state of frame.querySelectorAll('.sc-state')) {
        const inner = state.getBoundingClientRect();
        if (
          inner.left < outer.left ||
          inner.right > outer.right ||
          inner.top < outer.top ||
          inner.bottom > outer.bottom
        )
          throw new Error(`${state.textContent} is out of sight`);
      }
    });
  },
};
/** A chart of another version of the engine has no full drawing here. */
export const AnotherVersion: Story = {
  args: {
    bundle: {
      ...troubles,
      engine: {
        ...troubles.engine,
        chart: {
          ...troubles.engine.chart,
          states: troubles.engine.chart.states.map((state) =>
            state.name === 'planning' ? { ...state, id: `${state.id}Ahead` } : state,
          ),
        },
      },
    },
  },
  play: async ({ canvasElement }) => {
    await showFullChart(canvasElement);
    await expect(await within(canvasElement).findByText(/another version of the chart/)).toBeVisible();
  },
};
export const Everything: Story = {
  play: async ({ canvasElement }) => {
    const canvas = within(canvasElement);
    await showFullChart(canvasElement);
    for (const name of ['commands', 'failures', 'inner steps'])
      await userEvent.click(await canvas.findByLabelText(name));
    await expect(await drawing(canvasElement)).toBeVisible();
  },
};
/** Moved, zoomed and brought back without a mouse. */
export const ByKeyboard: Story = {
  play: async ({ canvasElement }) => {
    const frame = await drawing(canvasElement);
    await waitFor(() => expect(viewport(canvasElement)).not.toBe(''));
    await showFullChart(canvasElement);
    const moves = ['{ArrowRight}', '{ArrowDown}', '+', '-', '0', '{Home}'];
    frame.focus();
    for (const move of moves) {
      const before = viewport(canvasElement);
      await userEvent.keyboard(move);
      await waitFor(() => expect(viewport(canvasElement)).not.toBe(before));
    }
    for (const name of ['Zoom In', 'Zoom Out', 'Fit View', 'Where it is now'])
      await expect(within(canvasElement).getByRole('button', { name: new RegExp(name, 'i') })).toBeVisible();
  },
};
const walking = createScriptedClient(phaseBundle('idle'));
/** Whatever the engine does, the list says which state is active, and the drawing has it lit. */
export const EachPhaseLit: Story = {
  args: { client: walking.client },
  play: async ({ canvasElement }) => {
    await drawing(canvasElement);
    await showFullChart(canvasElement);
    const lines = (): number => canvasElement.querySelectorAll('.sc-outline-line[data-active="true"]').length;
    for (const { view } of capturedPhases.phases) {
      walking.show(view);
      await waitFor(() => expect(lines()).toBe(view.active.length - 1));
      // Three regions, and a state in each.
      await expect(canvasElement.querySelectorAll('.sc-state[data-active="true"]').length).toBeGreaterThanOrEqual(6);
    }
  },
};
const following = createScriptedClient(phaseBundle('idle'));
const show = (phase: string): void => {
  const { view } = capturedPhases.phases.find((captured) => captured.phase === phase) ?? {};
  if (view !== undefined) following.show(view);
};
/** The drawing goes where the engine goes, until somebody moves it. */
export const Follows: Story = {
  args: { client: following.client },
  play: async ({ canvasElement }) => {
    await showFullChart(canvasElement);
    const frame = await drawing(canvasElement);
    const lit = (name: string): Element | undefined =>
      [...canvasElement.querySelectorAll('.sc-state[data-active="true"]')].find(
        ({ textContent }) => textContent === name,
      );
    const isInSight = (name: string): boolean => {
      const [outer, inner] = [frame.getBoundingClientRect(), lit(name)?.getBoundingClientRect()];
      return (
        inner !== undefined &&
        inner.left >= outer.left &&
        inner.right <= outer.right &&
        inner.top >= outer.top &&
        inner.bottom <= outer.bottom
      );
    };
    const until = (isReached: () => boolean): Promise<void> =>
      waitFor(
        () => {
          if (!isReached()) throw new Error(`not reached; the drawing is at ${viewport(canvasElement)}`);
        },
        { timeout: 10_000 },
      );
    await until(() => isInSight('idle'));
    show('failed');
    await until(() => isInSight('failed'));
    show('backoff');
    await until(() => isInSight('backoff'));
    // Whoever asks for other arrows gets another drawing, and is shown the same place of it.
    await userEvent.click(within(canvasElement).getByLabelText('commands'));
    await until(() => within(frame).queryAllByText(/SYNC/).length > 0);
    await until(() => isInSight('backoff'));
    await userEvent.click(within(frame).getByRole('button', { name: 'Where it is now' }));
    frame.focus();
    await userEvent.keyboard('{ArrowLeft}');
    const moved = viewport(canvasElement);
    show('failed');
    await until(() => lit('failed') !== undefined);
    await expect(viewport(canvasElement)).toBe(moved);
    await userEvent.keyboard('{Home}');
    await until(() => isInSight('failed'));
  },
};
const moving = createScriptedClient(phaseBundle('finishing'));
/** The step that was taken last moves, each time anew. */
export const LastStepMoves: Story = {
  args: { client: moving.client },
  play: async ({ canvasElement }) => {
    await drawing(canvasElement);
    const reached = (): Element | null => canvasElement.querySelector('.sc-reached');
    await waitFor(() => expect(reached()).not.toBeNull());
    const first = reached();
    await expect(first === null ? '' : getComputedStyle(first).animationName).toMatch(/^(sc-reached|none)$/);
    moving.repeat();
    await waitFor(() => expect(reached()).not.toBe(first));
  },
};
export const Dark: Story = { args: { theme: 'dark' } };
export const Narrow: Story = { args: { width: 320, height: 700 } };
export const Wide: Story = { args: { width: 1600, height: 900 } };
