import type { TransportAdapter } from '../../model/transport.ts';
import type { CutPoint, FailureOptions, HeldRequests } from '../test-server-faults.ts';

/** A transport connected to an empty server that follows the protocol. */
export interface ConformanceSubject {
  readonly transport: TransportAdapter;
  /** A kind whose rows have a text field `title`. Default `todos`. */
  readonly kind?: string;
  /**
   * The switches of the server behind the transport. A case that needs a missing one fails, unless its feature is in
   * `lacks`.
   */
  readonly server?: ConformanceServer;
  /** Ends everything that the factory started. */
  readonly dispose?: () => void | Promise<void>;
}

/**
 * The failures that the suite can trigger on the server. `TestServer` has all except the tokens. Each switch affects
 * later requests.
 */
export interface ConformanceServer {
  /** Answers the next requests with this status in the backend's own format. Feature `statuses`. */
  readonly failNextRequests?: (
    count: number,
    status: number,
    options?: Pick<FailureOptions, 'retryAfter' | 'afterCommit'>,
  ) => void;
  /** Breaks the connection of the next requests before or after their effect. Feature `cuts`. */
  readonly cutNextRequests?: (count: number, at: CutPoint) => void;
  /**
   * Accepts the next requests and never answers. The transport's own timeout must be 500 ms or less. Feature `hangs`.
   */
  readonly hangNextRequests?: (count: number) => void;
  /** Holds the next requests until the returned function is called. Feature `holds`. */
  readonly holdNextRequests?: () => HeldRequests;
  /** Answers everything with responses that do not come from the API, until `proper`. Feature `garbage`. */
  readonly garble?: (how: 'html' | 'brokenJson' | 'otherRow' | 'proper') => void;
  /**
   * Refuses writes of this row from now on with this text, in the backend's own format. `duplicate`: 409 without a row,
   * as for a UNIQUE value. `locked`: 409 with the stored row. `notFound`: 404, as for a PUT that does not create, or a
   * missing DELETE route. Feature `refusals`.
   */
  readonly refuseWrites?: (id: string, how: RefusedWrite, words: string) => void;
  /** Adds or removes a gateway that answers everything with 404 and HTML. Feature `gateways`. */
  readonly setGateway?: (isThere: boolean) => void;
  /**
   * Rejects the current token from now on. `expired`: a refreshed token is accepted. `revoked`: none is. Feature
   * `tokens`.
   */
  readonly endToken?: (how: 'expired' | 'revoked') => void;
  /** Shuts the server down, so that nothing listens any more. Feature `outages`. */
  readonly stop?: () => void | Promise<void>;
}

/** How a backend refuses one write. None of these is a version conflict. */
export type RefusedWrite = 'duplicate' | 'locked' | 'notFound';

/** A feature that some backends lack, or that some tests cannot trigger. */
export type ConformanceFeature =
  /** The server remembers requests: a repeated one has no second effect. */
  | 'idempotency'
  /** The server refuses changes based on an outdated version. */
  | 'conflicts'
  /** A change can be forced past that check. */
  | 'forcedWrites'
  /** Pulls report deleted rows. */
  | 'tombstones'
  /** Rows that change during a pull push no other row off its page. Offset paging cannot guarantee that. */
  | 'stablePages'
  /** The adapter reports changes on the server. */
  | 'subscribe'
  | 'statuses'
  | 'cuts'
  | 'hangs'
  | 'holds'
  | 'garbage'
  | 'refusals'
  | 'gateways'
  | 'tokens'
  | 'outages';

/** The topic of a case: the need of the engine that it covers. */
export type ConformanceTopic =
  | 'writes'
  | 'identity'
  | 'conflicts'
  | 'deletes'
  | 'pull'
  | 'push'
  | 'fetch'
  | 'abort'
  | 'failures'
  | 'refusals'
  | 'subscribe';

/** One requirement for every transport. */
export interface ConformanceCase {
  /** The rule and its source. */
  readonly title: string;
  readonly about: ConformanceTopic;
  /** Features without which the case has no meaning. */
  readonly needs: readonly ConformanceFeature[];
  run(subject: ConformanceSubject): Promise<void>;
}
