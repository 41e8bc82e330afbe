import { isJsonObject } from '../../model/values/json.ts';
import type { AuthorizedExchange } from '../http/authorized-exchange.ts';
import { jsonOf, readBody } from '../http/http-answer.ts';
import type { ResourceUrls } from './resource-url.ts';

/** A point in time, as the number of checks begun before it. */
export type PresenceMark = number;

interface Check {
  readonly number: number;
  readonly signal: AbortSignal | undefined;
  readonly answer: Promise<boolean>;
}

/**
 * Checks whether the API itself answers for a collection. This distinguishes a missing row from a missing route and
 * from a gateway that answers 404 for everything (F-22, F-150). Only a check that began after the 404 is proof, because
 * gateways come and go. One check serves all earlier 404s.
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

  /** Returns the current mark. Call it when an answer arrives. */
  mark(): PresenceMark {
    return this.#begun;
  }

  /**
   * Requests `GET /{kind}?limit=1`, unless a check that began after `since` is available or running. Returns false if
   * the answer is not a page. Rejects like an exchange if there is no answer.
   */
  async exists(kind: string, signal: AbortSignal | undefined, since: PresenceMark): Promise<boolean> {
    const latest = this.#latest.get(kind);
    // Shared only by requests with the same signal.
    if (latest !== undefined && latest.number > since && latest.signal === signal) return latest.answer;
    this.#begun += 1;
    const check: Check = { number: this.#begun, signal, answer: this.#ask(kind, signal) };
    this.#latest.set(kind, check);
    return check.answer;
  }

  async #ask(kind: string, signal: AbortSignal | undefined): Promise<boolean> {
    const answer = await this.#send({ method: 'GET', url: this.#urls.collection(kind, { limit: 1 }), signal });
    const page = jsonOf(readBody(answer));
    // A single-page app answers every GET with its HTML. Only a page of rows proves the collection.
    return answer.status === 200 && isJsonObject(page) && Array.isArray(page['items']);
  }
}
