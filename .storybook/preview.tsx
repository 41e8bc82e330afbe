import a11y from '@storybook/addon-a11y';
import { definePreview } from '@storybook/react-vite';

export default definePreview({
  addons: [a11y()],
  // An accessibility fault fails the story's test.
  parameters: { a11y: { test: 'error' }, layout: 'fullscreen' },
});
