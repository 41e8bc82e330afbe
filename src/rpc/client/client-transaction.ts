import type { Lead, Operation, Step, WireError } from '../protocol/messages.ts';

/** A long message would keep the host busy for long. */
const mostSteps = 8;

/** The client's transaction, with what its next call takes along. */
export class ClientTransaction {
  /** `lost`: it is over, but its owner may not know yet. */
  state: 'open' | 'lost' = 'open';
  /** The call that took BEGIN along; the others wait for it. Never rejects. */
  beginning: Promise<unknown> | undefined;
  /** The host has not been sent its BEGIN. */
  #begin: Lead['begin'];
  #steps: Step[] = [];

  constructor(readonly tx: number) {}

  /** False until the host may have been sent its BEGIN. */
  get hasBegun(): boolean {
    return this.#begin === undefined;
  }

  /** The host has not heard of it, and nothing is to be stored. */
  get isEmpty(): boolean {
    return !this.hasBegun && this.#steps.length === 0;
  }

  beginLater(foreignKeys: boolean): void {
    this.#begin = { foreignKeys };
  }

  /** Keeps a statement for the next call; false where too many are kept. */
  keep(step: Step): boolean {
    if (this.#steps.length === mostSteps) return false;
    this.#steps.push(step);
    return true;
  }

  /** What the call that is sent now takes along. */
  takeLead(): Lead | undefined {
    const lead = { ...(this.#begin === undefined ? {} : { begin: this.#begin }), steps: this.#steps };
    this.#begin = undefined;
    this.#steps = [];
    return lead.begin === undefined && lead.steps.length === 0 ? undefined : lead;
  }

  /** The next call, or the same one again, takes along what nobody has carried out. */
  takeBack(lead: Lead | undefined): void {
    this.#begin = lead?.begin;
    this.#steps = [...(lead?.steps ?? []), ...this.#steps];
  }

  /** `call` takes BEGIN along. */
  hasSentBegin(call: Promise<unknown>): void {
    const hasEnded = (): void => {
      this.beginning = undefined;
    };
    this.beginning = call.then(hasEnded, hasEnded);
  }

  forgetSteps(): void {
    this.#steps = [];
  }
}

export const leadOf = (operation: Operation): Lead | undefined =>
  operation.op === 'query' || operation.op === 'commit' ? operation.lead : undefined;

/** Another connection to the file was in the way of BEGIN, so nothing of the call was carried out. */
export const isBusyBegin = (operation: Operation, error: WireError | undefined): boolean =>
  leadOf(operation)?.begin !== undefined && (error?.code?.startsWith('SQLITE_BUSY') ?? false);
