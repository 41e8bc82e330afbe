import type { TransportAdapter } from '../../model/transport.ts';
import type { CutPoint, FailureOptions, HeldRequests } from '../test-server-faults.ts';

/** A transport connected to a server that is empty and keeps to the protocol. */
export interface ConformanceSubject {
  readonly transport: TransportAdapter;
  /** A kind whose rows have a text field `title`. Default `todos`. */
  readonly kind?: string;
  /**
   * The switches of the server behind the transport. A case that needs a missing one fails, unless its feature is in
   * `lacks`.
   */
  readonly server?: ConformanceServer;
  /** Ends what the factory started. */
  readonly dispose?: () => void | Promise<void>;
}

/**
 * What the suite can ask the server to do wrong. `TestServer` has all of it but the tokens; each switch is for requests
 * that come afterwards.
 */
export interface ConformanceServer {
  /** Answers the next requests with this status, in the backend's own way of saying it. Feature `statuses`. */
  readonly failNextRequests?: (
    count: number,
    status: number,
    options?: Pick<FailureOptions, 'retryAfter' | 'afterCommit'>,
  ) => void;
  /** Breaks the connection of the next requests before or after their effect. Feature `cuts`. */
  readonly cutNextRequests?: (count: number, at: CutPoint) => void;
  /** Takes the next requests and never answers; the transport's own timeout must be 500 ms or less. Feature `hangs`. */
  readonly hangNextRequests?: (count: number) => void;
  /** Holds the next requests until the returned function is called. Feature `holds`. */
  readonly holdNextRequests?: () => HeldRequests;
  /** Answers everything with something that is not the API's, until `proper`. Feature `garbage`. */
  readonly garble?: (how: 'html' | 'brokenJson' | 'otherRow' | 'proper') => void;
  /**
   * Refuses writes of this row from now on, with these words in the backend's own way of saying it. `duplicate`: 409
   * without a row, as for a UNIQUE value. `locked`: 409 with the row as it is stored. `notFound`: 404, as for a PUT
   * that does not create, or without a route that deletes. Feature `refusals`.
   */
  readonly refuseWrites?: (id: string, how: RefusedWrite, words: string) => void;
  /** Puts a gateway in front that answers everything with 404 and HTML, or takes it away. Feature `gateways`. */
  readonly setGateway?: (isThere: boolean) => void;
  /**
   * The token in use is no longer accepted: `expired` means that a refreshed one is, `revoked` that none is. Feature
   * `tokens`.
   */
  readonly endToken?: (how: 'expired' | 'revoked') => void;
  /** Goes down: nothing listens any more. Feature `outages`. */
  readonly stop?: () => void | Promise<void>;
}

/** How a backend refuses one write; none of them is a conflict of versions. */
export type RefusedWrite = 'duplicate' | 'locked' | 'notFound';

/** Something that not every backend has, or that not every test of one can bring about. */
export type ConformanceFeature =
  /** Requests are remembered: the same one again has no second effect. */
  | 'idempotency'
  /** Changes on an old version are refused. */
  | 'conflicts'
  /** A change can be forced past that check. */
  | 'forcedWrites'
  /** Deleted rows are told of in pulls. */
  | 'tombstones'
  /** Rows that change while a pull runs push no other row off its page; pages counted by offset cannot promise that. */
  | 'stablePages'
  /** The adapter says when something changed on the server. */
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

/** What a case is about; the engine's need that it stands for. */
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

/** One thing that every transport must do. */
export interface ConformanceCase {
  /** The rule, and where it comes from. */
  readonly title: string;
  readonly about: ConformanceTopic;
  /** Features without which the case says nothing. */
  readonly needs: readonly ConformanceFeature[];
  run(subject: ConformanceSubject): Promise<void>;
}
