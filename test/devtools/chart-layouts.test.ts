import { expect, test } from 'vitest';
import { chartViewOf } from '../../src/devtools/agent/recording/chart-view.ts';
import { syncMachine } from '../../src/machines/sync-machine.ts';
import { layoutModule } from './lay-out-chart.ts';

test('I12: compares the layouts of the panel with the chart (after a change: npm run chart:layouts)', async () => {
  await expect(await layoutModule(chartViewOf(syncMachine))).toMatchFileSnapshot(
    '../../src/devtools/views/chart/chart-layouts.ts',
  );
});
