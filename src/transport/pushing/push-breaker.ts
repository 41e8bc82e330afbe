import type { Op } from '../../model/operation.ts';
import type { PushResult } from '../../model/transport.ts';

/** A unique key of an entity. The length distinguishes `a` + `bc` from `ab` + `c`. */
export const entityKeyOf = (op: Op): string => `${op.kind.length}:${op.kind}${op.id}`;

/**
 * Stops a push that cannot succeed (F-07): no connection, a rejected token, a server that asks to wait, or two
 * consecutive failing entities while `health()` reports that the server is down. Failures of one entity alone never
 * open it (F-132).
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

  /** Why nothing more is sent; undefined while it is closed. */
  get openedBy(): string | undefined {
    return this.#reason;
  }

  open(reason: string): void {
    this.#reason ??= reason;
  }

  /** Waits for a running health probe, because nothing should be sent before its result. */
  async settled(): Promise<void> {
    await this.#probe;
  }

  /** Records an answer that came from the network. */
  observe(op: Op, result: PushResult): void {
    switch (result.type) {
      case 'pushUnauthorized':
        return this.open('the server rejects the token');
      case 'pushThrottled':
        return this.open('the server asks the client to wait');
      case 'pushUnavailable':
        if (result.noConnection === true) return this.open('no connection');
        return this.#fail(op);
      case 'pushAmbiguous':
        return this.#fail(op);
      case 'pushMalformed':
        this.#failing.clear();
        this.#malformed.add(entityKeyOf(op));
        if (this.#malformed.size >= 2) this.open('the answers do not come from the API');
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
    // A server that reports itself healthy is probed less and less often.
    this.#failuresBeforeProbe *= 2;
    this.#probe = this.#isHealthy().then((healthy) => {
      if (!healthy) this.open('the server fails and reports itself unhealthy');
      this.#probe = undefined;
    });
  }
}
