import { upsertOp, type Op } from '../../src/model/operation.ts';
import type { OpPushResult, PushResult } from '../../src/model/transport.ts';
import { RestTransport, type RestTransportOptions } from '../../src/transport.ts';
import { stubServer, type Exchange, type StubServer } from './stub-server.ts';

/** An edit of the todo with this id. */
export const edit = (
  id: string,
  extra: {
    readonly baseUpdatedAt?: string;
    readonly opId?: string;
    readonly title?: string;
    readonly creates?: boolean;
  } = {},
): Op =>
  upsertOp({
    kind: 'todos',
    id,
    payload: { id, title: extra.title ?? 'x' },
    baseUpdatedAt: extra.baseUpdatedAt,
    opId: extra.opId,
    creates: extra.creates,
  });

/** The entity's id in a request's path. */
export const idOf = ({ url }: { readonly url: string }): string =>
  decodeURIComponent(url.split('?', 1)[0]?.split('/').at(-1) ?? '');

/** Answers a PUT with its own row, as a good server does. */
export const echo = (exchange: Exchange): void =>
  exchange.reply(200, { ...exchange.json, id: idOf(exchange), updated_at: '2025-01-01T00:00:00.123456Z' });

export const typesOf = (results: readonly OpPushResult[]): readonly string[] =>
  results.map(({ result }) => result.type);

/** A transport and the stub server it talks to. */
export async function restWith(
  answer: (exchange: Exchange) => void,
  options: Partial<RestTransportOptions> = {},
): Promise<{ readonly rest: RestTransport; readonly server: StubServer }> {
  const server = await stubServer(answer);
  return { server, rest: new RestTransport({ baseUrl: server.baseUrl, ...options }) };
}

/** Pushes one operation to a server that answers as given, and gives its result. */
export async function pushOne(
  op: Op,
  answer: (exchange: Exchange) => void,
  options: Partial<RestTransportOptions> = {},
): Promise<PushResult> {
  const { rest } = await restWith(answer, options);
  const { results } = await rest.push([op], {});
  const [only] = results;
  if (results.length !== 1 || only?.opId !== op.opId)
    throw new Error(`expected one answer for ${op.opId}, got ${JSON.stringify(results)}`);
  return only.result;
}
