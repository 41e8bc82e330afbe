import type { AuthorizedExchange } from '../http/authorized-exchange.ts';
import type { KindPresence } from './kind-presence.ts';
import type { ResourceUrls } from './resource-url.ts';
import type { RestSettings } from '../http/rest-options.ts';

/** What every request of a transport needs. */
export interface SendParts {
  readonly send: AuthorizedExchange;
  readonly urls: ResourceUrls;
  readonly presence: KindPresence;
  readonly settings: RestSettings;
}
