import { expect, test } from 'vitest';
import { chartPage } from './chart-diagram.ts';

test('docs: the drawn chart matches the machine (after a change: vitest run -u on this file)', async () => {
  await expect(chartPage()).toMatchFileSnapshot('../../docs/chart.md');
});
