import type { Op } from '../../model/operation.ts';
import type { PushResult } from '../../model/transport.ts';

/** Tells entities apart. The length keeps `a` + `bc` and `ab` + `c` different. */
export const entityKeyOf = (op: Op): string => `${op.kind.length}:${op.kind}${op.id}`;

/**
 * Decides within one push when sending more makes no sense (F-07): no connection, no accepted token, the server asks to
 * wait, or two entities in a row fail and `health()` says that it is not them. Failures of one entity alone never open
 * it (F-132).
 */
export class PushBreaker {
  readonly #isHealthy: () => Promise<boolean>;
  readonly #failing = new Set<string>();
  readonly #malformed = new Set<string>();
  #failuresBeforeProbe = 2;
  #probe: Promise<void> | undefined;
  #reason: string | undefined;

  constructor(isHealthy: () => Promise<boolean>) {
    this.#isHealthy = isHealthy;
  }

  /** Why no more is sent, undefined while all is well. */
  get openedBy(): string | undefined {
    return this.#reason;
  }

  open(reason: string): void {
    this.#reason ??= reason;
  }

  /** Waits for a running health probe; nothing should be sent before it is answered. */
  async settled(): Promise<void> {
    await this.#probe;
  }

  /** Takes note of an answer that came from the network. */
  observe(op: Op, result: PushResult): void {
    switch (result.type) {
      case 'pushUnauthorized':
        return this.open('the token is not accepted');
      case 'pushThrottled':
        return this.open('the server asks to wait');
      case 'pushUnavailable':
        if (result.noConnection === true) return this.open('no connection');
        return this.#fail(op);
      case 'pushAmbiguous':
        return this.#fail(op);
      case 'pushMalformed':
        this.#failing.clear();
        this.#malformed.add(entityKeyOf(op));
        if (this.#malformed.size >= 2) this.open('the answers are not those of the API');
        return;
      case 'pushSuccess':
      case 'pushConflict':
      case 'pushNotFound':
      case 'pushRejected':
      case 'pushForbidden':
        this.#failing.clear();
        this.#malformed.clear();
        return;
      default:
        result satisfies never;
    }
  }

  #fail(op: Op): void {
    this.#malformed.clear();
    this.#failing.add(entityKeyOf(op));
    if (this.#reason !== undefined || this.#probe !== undefined || this.#failing.size < this.#failuresBeforeProbe)
      return;
    // A server that calls itself healthy is asked less and less often.
    this.#failuresBeforeProbe *= 2;
    this.#probe = this.#isHealthy().then((healthy) => {
      if (!healthy) this.open('the server fails and is not healthy');
      this.#probe = undefined;
    });
  }
}
