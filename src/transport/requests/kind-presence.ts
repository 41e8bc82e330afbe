import { isJsonObject } from '../../model/values/json.ts';
import type { AuthorizedExchange } from '../http/authorized-exchange.ts';
import { jsonOf, readBody } from '../http/http-answer.ts';
import type { ResourceUrls } from './resource-url.ts';

/** A moment between two checks, by the number of checks begun before it. */
export type PresenceMark = number;

interface Check {
  readonly number: number;
  readonly signal: AbortSignal | undefined;
  readonly answer: Promise<boolean>;
}

/**
 * Finds out whether the API itself answers for a collection, to tell a missing row from a missing route and from a
 * gateway that answers 404 for everything (F-22, F-150). Only a check that began after the 404 proves anything:
 * gateways come and go. One check serves all 404s before it.
 */
export class KindPresence {
  readonly #send: AuthorizedExchange;
  readonly #urls: ResourceUrls;
  #begun = 0;
  readonly #latest = new Map<string, Check>();

  constructor(parts: { readonly send: AuthorizedExchange; readonly urls: ResourceUrls }) {
    this.#send = parts.send;
    this.#urls = parts.urls;
  }

  /** Marks the present moment; take it when an answer has arrived. */
  mark(): PresenceMark {
    return this.#begun;
  }

  /**
   * Asks `GET /{kind}?limit=1`, unless a check that began after `since` is there or under way; false when the answer is
   * not a page. Rejects as an exchange does when there is no answer.
   */
  async exists(kind: string, signal: AbortSignal | undefined, since: PresenceMark): Promise<boolean> {
    const latest = this.#latest.get(kind);
    // Shared only by those who are aborted together.
    if (latest !== undefined && latest.number > since && latest.signal === signal) return latest.answer;
    this.#begun += 1;
    const check: Check = { number: this.#begun, signal, answer: this.#ask(kind, signal) };
    this.#latest.set(kind, check);
    return check.answer;
  }

  async #ask(kind: string, signal: AbortSignal | undefined): Promise<boolean> {
    const answer = await this.#send({ method: 'GET', url: this.#urls.collection(kind, { limit: 1 }), signal });
    const page = jsonOf(readBody(answer));
    // A single-page app answers every GET with its HTML: only a page of rows proves the collection.
    return answer.status === 200 && isJsonObject(page) && Array.isArray(page['items']);
  }
}
