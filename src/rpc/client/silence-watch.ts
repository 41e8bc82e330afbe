import type { Clock } from '../../model/platform/clock.ts';

export interface SilenceSettings {
  readonly clock: Clock;
  readonly answerTimeoutMs: number;
  /** Called four times per timeout while the watch runs. Returns whether it shall go on. */
  readonly look: () => boolean;
  /** Called when the host has said nothing for a quarter of the timeout while calls wait, and with its next word. */
  readonly onSilence: (isSilent: boolean) => void;
}

/** Measures how long the host has been silent. */
export class SilenceWatch {
  readonly #settings: SilenceSettings;
  #lastWordAt: number;
  #timer: unknown;
  #timerDueAt = 0;
  #isSilent = false;

  constructor(settings: SilenceSettings) {
    this.#settings = settings;
    this.#lastWordAt = settings.clock.now();
  }

  /** The host has said something. */
  heard(): void {
    this.#lastWordAt = this.#settings.clock.now();
    this.#note(false);
  }

  /** Whether a call from `since` has waited for the whole timeout since the host's last word. */
  isTooLong(since: number): boolean {
    const { clock, answerTimeoutMs } = this.#settings;
    return clock.now() - Math.max(this.#lastWordAt, since) >= answerTimeoutMs;
  }

  start(): void {
    if (this.#timer !== undefined) return;
    const { clock } = this.#settings;
    this.#timerDueAt = clock.now() + this.#intervalMs;
    this.#timer = clock.setTimeout(() => this.#tick(), this.#intervalMs);
  }

  stop(): void {
    if (this.#timer === undefined) return;
    this.#settings.clock.clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  get #intervalMs(): number {
    return Math.max(1, this.#settings.answerTimeoutMs / 4);
  }

  #note(isSilent: boolean): void {
    if (this.#isSilent === isSilent) return;
    this.#isSilent = isSilent;
    this.#settings.onSilence(isSilent);
  }

  #tick(): void {
    this.#timer = undefined;
    const { clock, answerTimeoutMs, look } = this.#settings;
    // The device slept, or the tab was frozen: the host could not speak either.
    if (clock.now() - this.#timerDueAt > answerTimeoutMs / 2) this.heard();
    if (clock.now() - this.#lastWordAt >= this.#intervalMs) this.#note(true);
    if (look()) this.start();
  }
}
