import type { Clock } from '../model/clock.ts';
import { isJsonObject } from '../model/json.ts';
import type { AuthorizedExchange } from './authorized-exchange.ts';
import { jsonOf, readBody } from './http-answer.ts';
import type { ResourceUrls } from './resource-url.ts';

/** How long a kind that answered is believed to exist; also how long one that did not is not asked again. */
const memoryMs = 30_000;

/** Remembers which collections of the backend exist, to tell a missing row from a missing route (F-22). */
export class KindPresence {
  readonly #send: AuthorizedExchange;
  readonly #urls: ResourceUrls;
  readonly #clock: Clock;
  readonly #known = new Map<string, { readonly exists: boolean; readonly until: number }>();
  readonly #asking = new Map<string, { readonly signal: AbortSignal | undefined; readonly answer: Promise<boolean> }>();

  constructor(parts: { readonly send: AuthorizedExchange; readonly urls: ResourceUrls; readonly clock: Clock }) {
    this.#send = parts.send;
    this.#urls = parts.urls;
    this.#clock = parts.clock;
  }

  /** Notes that the collection has just answered a pull. */
  confirm(kind: string): void {
    this.#remember(kind, true);
  }

  /** Asks `GET /{kind}?limit=1` once for all of a push; false when the answer is not a page. Rejects as an exchange does when there is no answer. */
  async exists(kind: string, signal: AbortSignal | undefined): Promise<boolean> {
    const known = this.#known.get(kind);
    if (known !== undefined && known.until > this.#clock.now()) return known.exists;
    const asking = this.#asking.get(kind);
    // Shared only by those who are aborted together.
    if (asking !== undefined && asking.signal === signal) return asking.answer;
    const answer = this.#ask(kind, signal).finally(() => {
      if (this.#asking.get(kind)?.answer === answer) this.#asking.delete(kind);
    });
    this.#asking.set(kind, { signal, answer });
    return answer;
  }

  async #ask(kind: string, signal: AbortSignal | undefined): Promise<boolean> {
    const answer = await this.#send({ method: 'GET', url: this.#urls.collection(kind, { limit: 1 }), signal });
    const page = jsonOf(readBody(answer));
    // A single-page app answers every GET with its HTML: only a page of rows proves the collection.
    const exists = answer.status === 200 && isJsonObject(page) && Array.isArray(page['items']);
    this.#remember(kind, exists);
    return exists;
  }

  #remember(kind: string, exists: boolean): void {
    this.#known.set(kind, { exists, until: this.#clock.now() + memoryMs });
  }
}
