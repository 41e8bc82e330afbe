import type { QueueCounts } from '../../model/queue.ts';
import { OutboxState } from '../database/outbox-columns.ts';
import type { ChangeFeed } from '../follow/change-feed.ts';
import type { Session } from '../sql/session.ts';

/** A count and the state it is valid for. */
interface Counted {
  readonly total: number;
  /** The last counted operation; later ones have higher numbers. */
  readonly last: number;
  /** The value of {@link ChangeFeed.rewritesOf}. */
  readonly rewrites: number;
  /** SQLite's `data_version`. A different value means that another connection has committed. */
  readonly version: unknown;
}

interface Answer {
  readonly total: number | string;
  readonly last: number | string | null;
  readonly stuck: number | string;
  readonly conflicts: number | string;
  readonly version: unknown;
}

const rest = `(SELECT COUNT(*) FROM "sync_outbox" WHERE "state" = ${OutboxState.parked} AND "parked" = 'stuck') AS "stuck",
  (SELECT COUNT(*) FROM "sync_conflicts" WHERE "state" <> 'decided') AS "conflicts"`;

/**
 * Counts the whole queue in one statement. While operations are only added, as by an app's writes, adds the number of
 * new ones to the last count. The cost then does not grow with the queue.
 */
export class QueueCounter {
  #counted: Counted | undefined;

  /** `isHeard`: the feed reports every commit of others before its effects are readable. */
  constructor(
    private readonly feed: ChangeFeed,
    private readonly isHeard: boolean,
  ) {}

  async count(session: Session): Promise<QueueCounts> {
    const rewrites = this.feed.rewritesOf('sync_outbox');
    const before = this.#counted;
    if (before?.rewrites === rewrites && session.dialect.name === 'sqlite') {
      const answer = await this.#ask(session, before.last);
      if (this.#stillHolds(before, answer)) return this.#note(answer, before.total + Number(answer.total), before);
    }
    const answer = await this.#ask(session, undefined);
    return this.#note(answer, Number(answer.total), { last: 0, rewrites });
  }

  async #ask(session: Session, after: number | undefined): Promise<Answer> {
    const added = after === undefined ? '' : ` WHERE "seq" > ${after}`;
    const isAsked = !this.isHeard && session.dialect.name === 'sqlite';
    const answer = await session.one<Answer>(
      `SELECT (SELECT COUNT(*) FROM "sync_outbox"${added}) AS "total", (SELECT MAX("seq") FROM "sync_outbox") AS "last", ${rest},
         ${isAsked ? '(SELECT "data_version" FROM pragma_data_version)' : 'NULL'} AS "version"`,
    );
    return answer ?? { total: 0, last: null, stuck: 0, conflicts: 0, version: undefined };
  }

  #stillHolds({ rewrites, version }: Counted, answer: Answer): boolean {
    return version === answer.version && this.feed.rewritesOf('sync_outbox') === rewrites;
  }

  #note(answer: Answer, total: number, { last, rewrites }: Pick<Counted, 'last' | 'rewrites'>): QueueCounts {
    this.#counted = { total, last: Math.max(last, Number(answer.last ?? 0)), rewrites, version: answer.version };
    const stuck = Number(answer.stuck);
    return { pending: total - stuck, stuck, conflicts: Number(answer.conflicts) };
  }
}
