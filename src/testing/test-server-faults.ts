import type { IncomingHttpHeaders } from 'node:http';
import type { Json } from '../model/values/json.ts';

/** A received request. */
export interface RecordedRequest {
  readonly method: string;
  /** Path without query, decoded segment by segment. */
  readonly path: string;
  /** Path and query as received. */
  readonly url: string;
  readonly query: Readonly<Record<string, string>>;
  readonly headers: IncomingHttpHeaders;
  /** Parsed JSON; the raw text if it is not JSON; undefined without a body. */
  readonly body: Json | undefined;
  readonly rawBody: string;
  /** The first path segment, if any. */
  readonly kind: string | undefined;
  /** The second path segment, if any. */
  readonly id: string | undefined;
}

/** The requests that a fault applies to. Default: all. */
export type RequestMatch =
  | ((request: RecordedRequest) => boolean)
  | { readonly method?: string; readonly kind?: string; readonly id?: string };

/**
 * Where a connection breaks: before the effect, after the effect without an answer, or within the body of the answer.
 */
export type CutPoint = 'beforeCommit' | 'afterCommit' | 'midBody';

export interface FailureOptions {
  /** Seconds, or an HTTP date, verbatim. */
  readonly retryAfter?: number | string;
  /** A JSON value, or text sent unchanged. */
  readonly body?: Json;
  readonly headers?: Readonly<Record<string, string>>;
  readonly match?: RequestMatch;
  /** Applies the request first and then fails, like a proxy that loses the answer. */
  readonly afterCommit?: boolean;
}

/** Call it to release the held requests. */
export interface HeldRequests {
  (): void;
  /** Resolves when the first held request has arrived. */
  readonly arrived: Promise<void>;
  /** Number of requests currently held. */
  readonly count: () => number;
}

export type Fault =
  | { readonly type: 'status'; readonly status: number; readonly options: FailureOptions }
  | { readonly type: 'delay'; readonly delayMs: number }
  | { readonly type: 'hold'; readonly enter: () => Promise<void> }
  | { readonly type: 'cut'; readonly at: CutPoint }
  | { readonly type: 'hang'; readonly afterCommit: boolean };

interface Armed {
  readonly fault: Fault;
  readonly match: RequestMatch | undefined;
  remaining: number;
}

/** Armed faults, each for the next n matching requests. */
export class FaultQueue {
  readonly #armed: Armed[] = [];

  arm(fault: Fault, count: number, match?: RequestMatch): void {
    this.#armed.push({ fault, match, remaining: count });
  }

  /** Removes a fault, however often it was still to occur. */
  disarm(fault: Fault): void {
    const index = this.#armed.findIndex((armed) => armed.fault === fault);
    if (index !== -1) this.#armed.splice(index, 1);
  }

  /** Takes the oldest matching fault of a type; undefined if there is none. */
  take<T extends Fault['type']>(type: T, request: RecordedRequest): Extract<Fault, { type: T }> | undefined {
    for (const [index, armed] of this.#armed.entries()) {
      const { fault } = armed;
      if (!isOfType(fault, type) || !fits(armed.match, request)) continue;
      armed.remaining -= 1;
      if (armed.remaining <= 0) this.#armed.splice(index, 1);
      return fault;
    }
    return undefined;
  }

  clear(): void {
    this.#armed.length = 0;
  }
}

const isOfType = <T extends Fault['type']>(fault: Fault, type: T): fault is Extract<Fault, { type: T }> =>
  fault.type === type;

function fits(match: RequestMatch | undefined, request: RecordedRequest): boolean {
  if (match === undefined) return true;
  if (typeof match === 'function') return match(request);
  return (
    (match.method ?? request.method) === request.method &&
    (match.kind ?? request.kind) === request.kind &&
    (match.id ?? request.id) === request.id
  );
}

/** Holds requests until its function is called. Later requests then pass at once. */
export function createHold(onRelease: () => void): {
  readonly held: HeldRequests;
  readonly enter: () => Promise<void>;
} {
  const waiting: (() => void)[] = [];
  let open = false;
  let announce: () => void = () => undefined;
  const arrived = new Promise<void>((resolve) => {
    announce = resolve;
  });
  const release = (): void => {
    open = true;
    onRelease();
    for (const go of waiting.splice(0)) go();
  };
  return {
    held: Object.assign(release, { arrived, count: () => waiting.length }),
    enter: () => {
      announce();
      return open ? Promise.resolve() : new Promise((resolve) => waiting.push(resolve));
    },
  };
}
