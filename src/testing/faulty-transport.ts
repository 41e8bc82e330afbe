import type { Clock, RandomSource } from '../model/platform/clock.ts';
import { aClock, aFunction, aShare, isFunction, valueThat } from '../model/options/bounds.ts';
import { completeOptions, ownedBy } from '../model/options/complete-options.ts';
import { byDefault, optional, type Completed, type OptionList } from '../model/options/option-list.ts';
import { systemClock } from '../model/platform/system-clock.ts';
import { NetworkError } from '../model/errors/errors.ts';
import type { Op } from '../model/operation.ts';
import {
  fetchError,
  pushAmbiguous,
  pushMalformed,
  pushUnavailable,
  type BatchPushResult,
  type FetchResult,
  type OpPushResult,
  type PullPage,
  type PullRequest,
  type PushContext,
  type PushResult,
  type Subscribable,
  type TransportAdapter,
  type TransportCapabilities,
  type TransportContext,
} from '../model/transport.ts';
import {
  defaultFaults,
  distortPush,
  pullErrorOf,
  reachesServer,
  type FaultScript,
  type FaultyCall,
  type TransportFault,
} from './transport-faults.ts';

export interface FaultyTransportOptions {
  /** The faults of the calls: a list with one entry per call in order, or a function. */
  readonly script?: FaultScript;
  /** Draws faults when there is no script. Seed it to replay a run. */
  readonly random?: RandomSource;
  /** Share of calls that fail when faults are drawn. @defaultValue 0.3 */
  readonly rate?: number;
  /** The faults to draw from. @defaultValue `defaultFaults` */
  readonly faults?: readonly TransportFault[];
  /** Supplies the timers of delays. @defaultValue the platform's */
  readonly clock?: Clock;
}

/** Defaults and bounds of {@link FaultyTransportOptions}. */
export const faultyTransportOptions = {
  script: optional(valueThat('a list of faults or a function', (value) => Array.isArray(value) || isFunction(value))),
  random: optional(aFunction),
  rate: byDefault(0.3, aShare),
  faults: byDefault(defaultFaults, valueThat('a list of faults', Array.isArray)),
  clock: byDefault(systemClock, aClock),
} satisfies OptionList<FaultyTransportOptions>;

/**
 * Forwards calls to another transport and injects faults. Forwards pushes one operation at a time, each with its own
 * fault.
 */
export class FaultyTransport implements TransportAdapter {
  /** While true, nothing is sent and nothing arrives. */
  offline = false;
  /** Set to false to repair the network. The script pauses meanwhile. */
  enabled = true;
  /** The injected faults, oldest first. */
  readonly injected: { readonly call: FaultyCall; readonly fault: TransportFault }[] = [];
  readonly #inner: TransportAdapter;
  readonly #options: Completed<FaultyTransportOptions, typeof faultyTransportOptions>;
  #calls = 0;
  #scripted = 0;

  constructor(inner: TransportAdapter, options: FaultyTransportOptions = {}) {
    this.#inner = inner;
    this.#options = completeOptions<FaultyTransportOptions, typeof faultyTransportOptions>(
      ownedBy('FaultyTransport'),
      faultyTransportOptions,
      options,
    );
  }

  get capabilities(): TransportCapabilities {
    return this.#inner.capabilities;
  }

  async pull(request: PullRequest): Promise<PullPage> {
    const fault = this.#draw({ type: 'pull', kind: request.kind });
    if (this.offline) throw new NetworkError('injected: offline');
    await this.#wait(fault, request.signal);
    const error = pullErrorOf(fault);
    if (error !== undefined) throw error;
    return this.#inner.pull(request);
  }

  async push(ops: readonly Op[], context: PushContext): Promise<BatchPushResult> {
    const results: OpPushResult[] = [];
    const warnings: string[] = [];
    const answer = (entry: OpPushResult): void => {
      results.push(entry);
      context.onAnswer?.(entry);
    };
    for (const op of ops) {
      const fault = this.#draw({ type: 'push', kind: op.kind, op });
      const result = await this.#pushOne(op, fault, context, () => this.#innerPush(op, context));
      if (fault.type !== 'omitResult') answer({ opId: op.opId, result });
      if (fault.type === 'duplicateResult')
        answer({ opId: op.opId, result: pushMalformed('injected: a second answer') });
      if (fault.type === 'unknownResult') {
        answer({ opId: `unknown-${op.opId}`, result });
        warnings.push(`an answer names the unknown operation unknown-${op.opId}`);
      }
    }
    return { results, warnings };
  }

  async forcePush(op: Op, context: PushContext): Promise<PushResult> {
    const fault = this.#draw({ type: 'forcePush', kind: op.kind, op });
    const result = await this.#pushOne(op, fault, context, () => this.#inner.forcePush(op, context));
    return fault.type === 'omitResult' ? pushAmbiguous({ message: 'injected: no answer came' }) : result;
  }

  async fetch(request: {
    readonly kind: string;
    readonly id: string;
    readonly signal?: AbortSignal | undefined;
  }): Promise<FetchResult> {
    const fault = this.#draw({ type: 'fetch', kind: request.kind });
    if (this.offline) return fetchError(new NetworkError('injected: offline'));
    await this.#wait(fault, request.signal);
    const error = pullErrorOf(fault);
    return error === undefined ? this.#inner.fetch(request) : fetchError(error);
  }

  async health(context: TransportContext): Promise<boolean> {
    const fault = this.#draw({ type: 'health' });
    if (this.offline) return false;
    await this.#wait(fault, context.signal);
    return pullErrorOf(fault) === undefined && (await this.#inner.health(context));
  }

  subscribe(kinds: readonly string[]): Subscribable<{ readonly kinds: readonly string[] }> {
    return {
      subscribe: (observer) =>
        this.#inner.subscribe?.(kinds).subscribe({
          // Called as methods, because an observer may be a class instance.
          error: (error) => observer.error?.(error),
          complete: () => observer.complete?.(),
          next: (change) => {
            if (!this.offline) observer.next(change);
          },
        }) ?? { unsubscribe: () => undefined },
    };
  }

  async #pushOne(
    op: Op,
    fault: TransportFault,
    context: TransportContext,
    send: () => Promise<PushResult>,
  ): Promise<PushResult> {
    if (this.offline) return pushUnavailable({ dispatched: false, noConnection: true, message: 'injected: offline' });
    if (context.signal?.aborted === true)
      return pushUnavailable({ dispatched: false, message: `${op.kind}/${op.id} was not sent: aborted` });
    if (fault.type === 'hang') {
      if (reachesServer(fault)) await send();
      await this.#wait(fault, context.signal);
      return distortPush(fault, pushAmbiguous({ message: 'aborted' }));
    }
    const answer = reachesServer(fault) ? await send() : pushAmbiguous({ message: 'not asked' });
    const cameInTime = await this.#wait(fault, context.signal);
    return cameInTime
      ? distortPush(fault, answer)
      : pushAmbiguous({ message: `the answer to ${op.kind}/${op.id} was not waited for: aborted` });
  }

  async #innerPush(op: Op, context: PushContext): Promise<PushResult> {
    const { results } = await this.#inner.push([op], { signal: context.signal });
    return results.find(({ opId }) => opId === op.opId)?.result ?? pushMalformed(`no answer to ${op.kind}/${op.id}`);
  }

  #draw(call: Omit<FaultyCall, 'index'>): TransportFault {
    const numbered: FaultyCall = { ...call, index: this.#calls };
    this.#calls += 1;
    const fault = this.enabled && !this.offline ? this.#choose(numbered) : undefined;
    if (fault === undefined || fault.type === 'none') return { type: 'none' };
    this.injected.push({ call: numbered, fault });
    return fault;
  }

  #choose(call: FaultyCall): TransportFault | undefined {
    const { script, random, rate, faults } = this.#options;
    if (typeof script === 'function') return script(call);
    if (script !== undefined) {
      this.#scripted += 1;
      return script[this.#scripted - 1];
    }
    if (random === undefined || random() >= rate) return undefined;
    return faults[Math.floor(random() * faults.length)];
  }

  /** Waits for the delay of the fault. Returns false if the caller aborted meanwhile. */
  #wait(fault: TransportFault, signal: AbortSignal | undefined): Promise<boolean> {
    if (fault.type !== 'delay' && fault.type !== 'hang') return Promise.resolve(true);
    return new Promise((resolve) => {
      const { clock } = this.#options;
      const end = (inTime: boolean): void => {
        if (timer !== undefined) clock.clearTimeout(timer);
        signal?.removeEventListener('abort', onAbort);
        resolve(inTime);
      };
      const onAbort = (): void => end(false);
      const timer = fault.type === 'delay' ? clock.setTimeout(() => end(true), fault.delayMs) : undefined;
      if (signal?.aborted === true) onAbort();
      else signal?.addEventListener('abort', onAbort, { once: true });
    });
  }
}
