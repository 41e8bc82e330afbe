import type { Meta, StoryObj } from '@storybook/react-vite';
import { expect, userEvent, within } from 'storybook/test';
import { acceptServer } from '../../src/model/conflict.ts';
import { ConflictDialog } from '../../src/react-ui.ts';
import type { PageBench } from '../../test/queries/page-bench.ts';
import { deleteHere, deleteThere, editBoth } from '../../test/react/ui/ui-scenes.ts';
import { UiFrame } from '../support/ui-frame.tsx';

const meta = {
  title: 'Components/ConflictDialog',
  component: UiFrame,
  args: { scene: (bench) => editBoth(bench), children: <ConflictDialog /> },
} satisfies Meta<typeof UiFrame>;
export default meta;
type Story = StoryObj<typeof meta>;

const page = within(document.body);
const click = async (name: string | RegExp): Promise<void> =>
  userEvent.click(await page.findByRole('button', { name }));
const opened: NonNullable<Story['play']> = async () => {
  await click('Decide');
  await expect(await page.findByRole('dialog')).toBeVisible();
};

export const Notice: Story = {
  play: async () => {
    await expect(await page.findByText(/One change meets a newer version/)).toBeVisible();
  },
};
export const EditAgainstEdit: Story = { play: opened };
export const AllFields: Story = {
  play: async (context) => {
    await opened(context);
    await userEvent.click(await page.findByText('2 more fields differ'));
    await userEvent.click((await page.findAllByText('Another value'))[0] as HTMLElement);
    await userEvent.clear(page.getByLabelText('Another value of Title'));
    await userEvent.type(page.getByLabelText('Another value of Title'), 'Buy hazelnut milk');
  },
};
export const AllFieldsDark: Story = { ...AllFields, args: { scheme: 'dark' } };
export const DeletedHere: Story = { args: { scene: (bench) => deleteHere(bench) }, play: opened };
export const DeletedThere: Story = { args: { scene: (bench) => deleteThere(bench) }, play: opened };

const several = async (bench: PageBench): Promise<void> => {
  await editBoth(bench, 'a');
  await editBoth(bench, 'b', { before: 'Call Ann', mine: 'Call Ann at noon', theirs: 'Call Ann at one' });
  await deleteHere(bench, 'c');
};
export const Several: Story = { args: { scene: several }, play: opened };
export const SeveralDark: Story = { args: { scene: several, scheme: 'dark' }, play: opened };

const long = 'An unusually long text that somebody pasted from a letter, with a word such as '.repeat(4);
export const LongTexts: Story = {
  args: {
    scene: (bench) =>
      editBoth(bench, 'a', {
        before: long,
        mine: `${long}${'mine'.repeat(40)}`,
        theirs: `${long}${'theirs'.repeat(30)}`,
      }),
  },
  play: opened,
};
export const Decided: Story = {
  play: async (context) => {
    await opened(context);
    await click('Keep mine');
    await expect(await page.findByRole('button', { name: 'Undo' })).toBeVisible();
  },
};
export const Undone: Story = {
  play: async (context) => {
    await Decided.play?.(context);
    await click('Undo');
    await expect(await page.findByText('Undone.')).toBeVisible();
  },
};

const benches: PageBench[] = [];
export const DecidedElsewhere: Story = {
  args: {
    scene: async (bench: PageBench) => {
      benches.push(bench);
      await editBoth(bench);
    },
  },
  play: async (context) => {
    await opened(context);
    const { engine } = benches.at(-1) ?? {};
    const [stored] = (await engine?.conflicts()) ?? [];
    await engine?.resolveConflict(stored?.conflict.opId ?? '', acceptServer());
    await expect(await page.findByText(/decided elsewhere/)).toBeVisible();
  },
};
export const ChangedAgain: Story = {
  args: DecidedElsewhere.args ?? {},
  play: async (context) => {
    await opened(context);
    const bench = benches.at(-1);
    bench?.backend.update('todos', 'a', { title: 'Buy rice milk' });
    await bench?.engine.sync();
    await expect(await page.findByText(/changed again/)).toBeVisible();
  },
};
export const Themed: Story = {
  args: {
    children: (
      <div style={{ '--synchart-accent': '#b8336a', '--synchart-radius': '2px' } as Record<string, string>}>
        <ConflictDialog />
      </div>
    ),
  },
};
