import type { JsonObject } from '../../src/model/values/json.ts';
import type { PullPage } from '../../src/model/transport.ts';

interface Ask {
  readonly updatedSince: string;
  readonly afterId?: string;
  readonly pageToken?: string;
}

/**
 * Collects every row as PROTOCOL §2 tells a client to, until an empty page, `hasMore: false` or the end of a token
 * sequence.
 */
export async function pullByProtocol(ask: (request: Ask) => Promise<PullPage>): Promise<JsonObject[]> {
  const rows: JsonObject[] = [];
  let cursor: Ask = { updatedSince: '1970-01-01T00:00:00.000Z' };
  let token: string | undefined;
  for (let pages = 0; pages < 5000; pages += 1) {
    const page = await ask({ ...cursor, ...(token === undefined ? {} : { pageToken: token }) });
    rows.push(...page.items);
    if (page.nextPageToken !== undefined) {
      token = String(page.nextPageToken);
      continue;
    }
    if (token !== undefined || page.hasMore === false) return rows;
    const last = page.items.at(-1);
    if (last === undefined) return rows;
    cursor = { updatedSince: String(last['updatedAt']), afterId: String(last['id']) };
  }
  throw new Error('the server never came to an end');
}

/** Asks one page of a server over HTTP. */
export const httpAsk =
  (url: string, kind: string, limit: number) =>
  async (request: Ask): Promise<PullPage> => {
    const query = new URLSearchParams({ limit: String(limit), includeDeleted: 'true', ...request });
    const response = await fetch(`${url}/${kind}?${query.toString()}`);
    if (response.status !== 200) throw new Error(`GET ${kind} answered ${response.status}: ${await response.text()}`);
    return (await response.json()) as PullPage;
  };
