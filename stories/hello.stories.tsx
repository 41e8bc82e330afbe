import type { Meta, StoryObj } from '@storybook/react-vite';
import { expect, within } from 'storybook/test';
const Hello = ({ name }: { name: string }) => <main><h1>Hello {name}</h1></main>;
const meta = { component: Hello, args: { name: 'x' } } satisfies Meta<typeof Hello>;
export default meta;
export const Plain: StoryObj<typeof meta> = { play: async ({ canvasElement }) => { await expect(within(canvasElement).getByText('Hello x')).toBeVisible(); } };
