import { expect, test } from 'vitest';
import { textOf } from './hazards-page.ts';

test('docs: the testing guide shows the file that runs as a test', () => {
  expect(textOf('docs/testing.md')).toContain(textOf('test/examples/testing-your-app.test.ts'));
});
