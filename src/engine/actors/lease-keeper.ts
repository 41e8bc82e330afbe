import type { Clock } from '../../model/platform/clock.ts';
import type { LeasePort } from '../../model/ports.ts';
import type { LeaseAnswer } from '../../model/run.ts';

/** Keeps the lease alive while a run works. */
export interface LeaseKeeper {
  acquire(): Promise<LeaseAnswer>;
  /** Releases the lease without waiting. Never throws. */
  release(): void;
  /** Resolves when the last release is complete. */
  released(): Promise<void>;
}

export interface LeaseKeeperOptions {
  readonly ttlMs: number;
  /** Longest time in ms between two steps of a run. */
  readonly silenceMs: number;
  readonly activity: { readonly stepsBegun: number; readonly stepsUnderWay: number };
}

/**
 * Renews the lease after a third of its lifetime (I11). A failed renewal is not reported. Each write checks the token
 * and each send checks the deadline, so the run detects a lost lease at its next step. An actor that was dropped
 * without STOP loses the lease by silence.
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

  /** Starts after earlier acquires and releases are complete. Otherwise a late answer could release a newer lease. */
  const ask = async (mine: number, before: Promise<unknown>): Promise<LeaseAnswer> => {
    await before;
    // The caller left the queue. Acquired now, the lease would have no owner.
    if (mine !== holding) return { held: false };
    const answer = await lease.acquire();
    if (answer.held && mine === holding) {
      renewLater(mine, 0, options.activity.stepsBegun);
    } else if (answer.held) {
      // The caller no longer waits for the lease.
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
