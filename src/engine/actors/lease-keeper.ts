import type { Clock } from '../../model/platform/clock.ts';
import type { LeasePort } from '../../model/ports.ts';
import type { LeaseAnswer } from '../../model/run.ts';

/** Holds the lease while a run works. */
export interface LeaseKeeper {
  acquire(): Promise<LeaseAnswer>;
  /** Gives it back without waiting, and never throws. */
  release(): void;
  /** Resolves when the last release is done. */
  released(): Promise<void>;
}

export interface LeaseKeeperOptions {
  readonly ttlMs: number;
  /** How long a run may be between two steps. */
  readonly silenceMs: number;
  readonly activity: { readonly stepsBegun: number; readonly stepsUnderWay: number };
}

/**
 * Renews the lease at a third of its time (I11). A renewal that fails is not told: each write asserts the token and
 * each send its deadline, so the run learns of a lost lease at its next step. An actor that was dropped without STOP
 * lets go of the lease by being silent.
 */
export function createLeaseKeeper(lease: LeasePort, clock: Clock, options: LeaseKeeperOptions): LeaseKeeper {
  let timer: unknown;
  let holding = 0;
  let asked: Promise<unknown> = Promise.resolve();
  let released: Promise<unknown> = Promise.resolve();

  const stop = (): void => {
    holding += 1;
    if (timer !== undefined) clock.clearTimeout(timer);
    timer = undefined;
  };
  const everyMs = options.ttlMs / 3;
  const renewLater = (mine: number, silentMs: number, lastSeen: number): void => {
    timer = clock.setTimeout(() => {
      const { stepsBegun, stepsUnderWay } = options.activity;
      const isSilent = stepsUnderWay === 0 && stepsBegun === lastSeen;
      if (mine !== holding || (isSilent && silentMs > options.silenceMs)) return;
      lease.renew().then(
        () => {
          if (mine === holding) renewLater(mine, isSilent ? silentMs + everyMs : 0, stepsBegun);
        },
        () => undefined,
      );
    }, everyMs);
  };

  /**
   * Asks once what was asked or given back before is done: else a late answer would give back what a newer one holds.
   */
  const ask = async (mine: number, before: Promise<unknown>): Promise<LeaseAnswer> => {
    await before;
    // Left while it waited its turn: taken now, the lease would be held for nobody.
    if (mine !== holding) return { held: false };
    const answer = await lease.acquire();
    if (answer.held && mine === holding) {
      renewLater(mine, 0, options.activity.stepsBegun);
    } else if (answer.held) {
      // Nobody waited for it any more.
      await lease.release();
    }
    return answer;
  };

  return {
    acquire: () => {
      stop();
      const answer = ask(holding, Promise.all([asked, released]));
      asked = answer.catch(() => undefined);
      return answer;
    },
    release: () => {
      stop();
      released = Promise.all([lease.release().catch(() => undefined), asked]);
    },
    released: async () => void (await released),
  };
}
