import type { Run } from '../../model/run.ts';
import type { SyncContext } from '../machine-context.ts';

/** Changes the run if there is one. Never throws, so that a late answer cannot break the chart. */
export const changeRun =
  <P = undefined>(change: (run: Run, params: P) => Run) =>
  ({ context }: { context: SyncContext }, params: P): Partial<SyncContext> =>
    context.run ? { run: change(context.run, params) } : {};
