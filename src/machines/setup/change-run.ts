import type { Run } from '../../model/run.ts';
import type { SyncContext } from '../machine-context.ts';

/** Changes the run, when there is one: total, so that no late answer can break the chart. */
export const changeRun =
  <P = undefined>(change: (run: Run, params: P) => Run) =>
  ({ context }: { context: SyncContext }, params: P): Partial<SyncContext> =>
    context.run ? { run: change(context.run, params) } : {};
