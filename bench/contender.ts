/** What the harness tells a contender's process. */
export interface Task {
  readonly url: string;
  /** Database file; exists already where the task is a push. */
  readonly database: string;
  readonly rows: number;
  readonly pageSize: number;
  readonly driver: 'better-sqlite3' | 'sqlite3';
  /** Requests in flight; 0: batches of 100. */
  readonly inFlight: number;
  /** Loads everything, opens the database, and does nothing. */
  readonly idle: boolean;
}

export interface Measured {
  readonly ms: number;
  /** Work done, so that the harness notices a contender that did less. */
  readonly done: number;
  /** The process's peak resident memory, in MB. */
  readonly peakMb: number;
  /**
   * Processor time of the process during the work, all threads, in ms: on a busy machine it says more than the time on
   * the clock.
   */
  readonly cpuMs: number;
}

/** Does what sets the scene for the next piece of work: neither its time nor its processor time counts. */
export type Unmeasured = <T>(work: () => Promise<T>) => Promise<T>;

/** Runs one measured piece of work in this process and reports it to the harness. `prepare` is not measured. */
export async function contend<Prepared>(contender: {
  prepare(task: Task): Promise<Prepared> | Prepared;
  work(prepared: Prepared, task: Task, unmeasured: Unmeasured): Promise<number>;
  end(prepared: Prepared): Promise<void> | void;
}): Promise<void> {
  let sceneMs = 0;
  let sceneCpu = 0;
  const unmeasured: Unmeasured = async (work) => {
    const from = performance.now();
    const cpuFrom = process.cpuUsage();
    const result = await work();
    const { user, system } = process.cpuUsage(cpuFrom);
    sceneCpu += user + system;
    sceneMs += performance.now() - from;
    return result;
  };
  const task = JSON.parse(process.argv[2] ?? '{}') as Task;
  const prepared = await contender.prepare(task);
  const startedAt = performance.now();
  const cpuBefore = process.cpuUsage();
  const done = task.idle ? 0 : await contender.work(prepared, task, unmeasured);
  const ms = performance.now() - startedAt - sceneMs;
  const cpu = process.cpuUsage(cpuBefore);
  const measured: Measured = {
    ms,
    done,
    cpuMs: (cpu.user + cpu.system - sceneCpu) / 1000,
    peakMb: process.resourceUsage().maxRSS / 1024,
  };
  await contender.end(prepared);
  await new Promise<void>((resolve) => void process.send?.(measured, () => resolve()));
  process.disconnect();
}
