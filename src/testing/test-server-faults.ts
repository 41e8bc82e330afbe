import type { IncomingHttpHeaders } from 'node:http';
import type { Json } from '../model/values/json.ts';

/** A request as it arrived. */
export interface RecordedRequest {
  readonly method: string;
  /** Path without query, decoded segment by segment. */
  readonly path: string;
  /** Path and query as they came. */
  readonly url: string;
  readonly query: Readonly<Record<string, string>>;
  readonly headers: IncomingHttpHeaders;
  /** Parsed JSON; the raw text when it is none; undefined without body. */
  readonly body: Json | undefined;
  readonly rawBody: string;
  /** First path segment, where there is one. */
  readonly kind: string | undefined;
  /** Second path segment, where there is one. */
  readonly id: string | undefined;
}

/** Which requests a fault is for. Default: all. */
export type RequestMatch =
  | ((request: RecordedRequest) => boolean)
  | { readonly method?: string; readonly kind?: string; readonly id?: string };

/**
 * Where a connection is cut: before the effect, after the effect without an answer, or in the middle of the answer's
 * body.
 */
export type CutPoint = 'beforeCommit' | 'afterCommit' | 'midBody';

export interface FailureOptions {
  /** Seconds, or an HTTP date, verbatim. */
  readonly retryAfter?: number | string;
  /** JSON value, or text sent as it is. */
  readonly body?: Json;
  readonly headers?: Readonly<Record<string, string>>;
  readonly match?: RequestMatch;
  /** Applies the request first and then fails, as a proxy does that loses the answer. */
  readonly afterCommit?: boolean;
}

/** Let go of held requests by calling it. */
export interface HeldRequests {
  (): void;
  /** Resolves when the first held request is there. */
  readonly arrived: Promise<void>;
  /** How many requests are held now. */
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

/** Faults that wait for their requests, each for the next n that fit. */
export class FaultQueue {
  readonly #armed: Armed[] = [];

  arm(fault: Fault, count: number, match?: RequestMatch): void {
    this.#armed.push({ fault, match, remaining: count });
  }

  /** Takes a fault back, however often it has still to happen. */
  disarm(fault: Fault): void {
    const index = this.#armed.findIndex((armed) => armed.fault === fault);
    if (index !== -1) this.#armed.splice(index, 1);
  }

  /** Takes, of one type, the oldest fault that fits; undefined when there is none. */
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

/** Holds requests until its function is called; new ones then pass at once. */
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
