import type { RandomSource } from '../../src/model/platform/clock.ts';
import type { TestServer } from '../../src/testing/test-server.ts';
import { startChild, type Child } from './child-process.ts';
import { labelOf, type LeaseProcessOptions, type LeaseProof } from './prove-lease.ts';

interface Slot {
  readonly label: string;
  child: Child | undefined;
  /** The first write that nobody said was made. */
  from: number;
  /** Where its chart stands, and in which of its runs. */
  place: 'running' | 'standby' | 'elsewhere';
  run: string;
  isWritten: boolean;
}

interface Frozen {
  readonly slot: Slot;
  readonly run: string;
  /** When it is woken; undefined while nobody else has run. */
  wokenAt?: number;
}

/** How long a frozen process sleeps after another one has begun to run, ms. */
const frozenMs = 2_500;
/**
 * Frozen in the middle of a transaction it keeps the file itself locked, and nobody can take over: it is woken, and
 * another one is frozen.
 */
const lockedMs = 8_000;

/**
 * The processes of a proof: starts them, kills whichever runs, freezes one, and starts what was killed again where it
 * was.
 */
export class LeaseProcesses {
  /** How long nobody ran though somebody wanted to, after a holder was killed or frozen. */
  readonly takeovers: number[] = [];
  readonly broken: string[] = [];
  readonly #slots: Slot[];
  #kills = 0;
  #freezes = 0;
  #runs = 0;
  #commits = 0;
  #requests = 0;
  /** Since when a run is missing; undefined while one is under way, or nobody wants one. */
  #missingSince: number | undefined;
  #isHolderGone = false;
  #strikesAfterCommit = true;
  /** The last run that was heard of after its first commit. */
  #committed = '';
  #frozen: Frozen | undefined;
  readonly #zombieRuns = new Map<string, number>();
  #timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly proof: LeaseProof,
    private readonly place: { readonly database: string; readonly url: string },
    private readonly random: RandomSource,
    private readonly server: TestServer,
  ) {
    this.#slots = Array.from({ length: proof.processes }, (_, index) => ({
      label: labelOf(index),
      child: undefined,
      from: 0,
      place: 'elsewhere',
      run: '',
      isWritten: false,
    }));
  }

  get counts() {
    return {
      kills: this.#kills,
      freezes: this.#freezes,
      runs: this.#runs,
      zombie: { requests: this.#requests, commits: this.#commits },
    };
  }

  get progress(): string {
    const written = this.#slots.reduce((sum, { from }) => sum + from, 0);
    return `${written} of ${this.proof.processes * this.proof.writes} written, ${this.#runs} runs, ${this.#kills} of them killed`;
  }

  /** Until every process has written all it had to write and has ended by itself. */
  async run(): Promise<void> {
    await Promise.all(this.#slots.map((slot) => this.#live(slot)));
    clearTimeout(this.#timer);
  }

  async #live(slot: Slot): Promise<void> {
    const { driver, writes } = this.proof;
    for (;;) {
      const options: LeaseProcessOptions = { driver, ...this.place, label: slot.label, from: slot.from, writes };
      slot.child = await startChild('lease-process.ts', options, { onLine: (line) => this.#onLine(slot, line) });
      const { signal, code, stderr } = await slot.child.ended;
      slot.place = 'elsewhere';
      if (signal === 'SIGKILL') continue;
      if (code !== 0) this.broken.push(`${slot.label} ended with ${String(code)}: ${stderr.slice(0, 2_000)}`);
      return;
    }
  }

  #onLine(slot: Slot, line: string): void {
    const [verb = '', value = ''] = line.split(' ');
    if (verb === 'wrote') slot.from = Number(value) + 1;
    else if (verb === 'written') slot.isWritten = true;
    else if (verb === 'committed') this.#onCommit(slot, value);
    else if (verb === 'running' || verb === 'standby' || verb === 'elsewhere') {
      slot.place = verb;
      slot.run = value;
      if (verb === 'running') this.#onRun(slot);
      if (verb === 'standby' && this.#isHolderGone) this.#missingSince ??= performance.now();
    }
  }

  #onRun(slot: Slot): void {
    this.#runs += 1;
    if (this.#missingSince !== undefined) this.takeovers.push(performance.now() - this.#missingSince);
    this.#missingSince = undefined;
    this.#isHolderGone = false;
    if (this.#frozen !== undefined && this.#frozen.wokenAt === undefined && slot !== this.#frozen.slot)
      this.#wakeLater(this.#frozen);
    // Every second run is struck once it has committed something: on a busy machine nothing would ever be done else.
    this.#strikesAfterCommit = !this.#strikesAfterCommit;
    this.#strikeLater(slot, this.#strikesAfterCommit ? 3_000 : 0);
  }

  #strikeLater(slot: Slot, moreMs: number): void {
    clearTimeout(this.#timer);
    const { run } = slot;
    this.#timer = setTimeout(() => this.#strike(slot, run), moreMs + 50 + this.random() * 450);
  }

  #onCommit(slot: Slot, run: string): void {
    if (this.#zombieRuns.has(run)) this.#commits += 1;
    if (this.#strikesAfterCommit && slot.run === run && this.#committed !== run) {
      this.#committed = run;
      this.#strikeLater(slot, 0);
    }
  }

  /** Ends or freezes the run, when it is still the one under way. */
  #strike(slot: Slot, run: string): void {
    const { child } = slot;
    if (child === undefined || slot.place !== 'running' || slot.run !== run) return;
    const isTime = this.#freezes === 0 && this.#kills > 0;
    if (isTime) {
      this.#freezes += 1;
      const frozen = { slot, run };
      this.#frozen = frozen;
      child.process.kill('SIGSTOP');
      setTimeout(() => this.#giveUp(frozen), lockedMs);
    } else if (this.#kills < this.proof.kills && this.#slots.some((other) => !other.isWritten)) {
      this.#kills += 1;
      child.process.kill('SIGKILL');
    } else return;
    this.#isHolderGone = true;
    const isWanted = this.#slots.some((other) => other !== slot && other.place === 'standby');
    this.#missingSince = isWanted ? performance.now() : undefined;
  }

  #giveUp(frozen: Frozen): void {
    if (frozen.wokenAt !== undefined || this.#frozen !== frozen) return;
    this.#frozen = undefined;
    this.#freezes = 0;
    this.#missingSince = undefined;
    this.#isHolderGone = false;
    frozen.slot.child?.process.kill('SIGCONT');
  }

  /** What a woken process does in the run it was frozen in is what the lease must prevent. */
  #wakeLater(frozen: Frozen): void {
    frozen.wokenAt = performance.now() + frozenMs;
    setTimeout(() => {
      const seen = this.server.recordedRequests.length;
      this.#zombieRuns.set(frozen.run, seen);
      frozen.slot.child?.process.kill('SIGCONT');
      setTimeout(() => {
        const sent = this.server.recordedRequests
          .slice(seen)
          .filter(({ method, headers }) => method !== 'GET' && headers['x-run'] === frozen.run);
        this.#requests = sent.length;
      }, 1_000);
    }, frozenMs);
  }
}
