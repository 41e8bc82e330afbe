import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
// By its file: bundlers would otherwise load a second copy beside the one that graphql-http loads.
import { buildSchema, GraphQLError } from 'graphql/index.js';
import { createHandler } from 'graphql-http/lib/use/http';
import type { MemoryBackend } from 'synchart/testing';
import type { RemoteAnswer, RemotePage, RemoteRequest } from 'synchart/transport';
import { answerOf, type Intercept } from '../answer-of.ts';

const schema = buildSchema(`
  scalar JSON
  input PageInput { updatedSince: String!, limit: Int!, includeDeleted: Boolean!, afterId: ID, pageToken: String }
  type Page { items: [JSON!]!, nextPageToken: String, hasMore: Boolean }
  type Query {
    health: JSON
    row(kind: String!, id: ID!): JSON
    changes(kind: String!, page: PageInput!): Page
  }
  type Mutation {
    save(kind: String!, id: ID!, payload: JSON!, base: String, force: Boolean!, key: ID!, createOnly: Boolean!): JSON
    remove(kind: String!, id: ID!, base: String, force: Boolean!, key: ID!): JSON
  }
`);

export interface GraphqlServerOptions {
  readonly backend: MemoryBackend;
  readonly accepts?: (authorization: string | undefined) => boolean;
  readonly intercept?: Intercept;
}

const nothing = {
  kind: '',
  id: '',
  page: undefined,
  payload: undefined,
  deltas: undefined,
  base: undefined,
  force: false,
  key: undefined,
  createOnly: false,
};
type Asked = Partial<Pick<RemoteRequest, 'kind' | 'id' | 'payload' | 'base' | 'force' | 'key' | 'createOnly'>> & {
  readonly page?: RemotePage;
};

/** A GraphQL server over node:http. */
export async function startGraphqlServer({
  backend,
  accepts = () => true,
  intercept = async (proceed) => proceed(),
}: GraphqlServerOptions) {
  const resolve =
    (action: RemoteRequest['action']) =>
    async (asked: Asked, response: ServerResponse): Promise<RemoteAnswer['body']> => {
      const answer = await intercept(() => answerOf(backend, { ...nothing, ...withoutNulls(asked), action }));
      if (answer === 'cut') response.destroy();
      if (typeof answer !== 'string' && answer.text !== undefined) response.writeHead(answer.status).end(answer.text);
      if (typeof answer === 'string' || answer.text !== undefined) return new Promise(() => undefined);
      if (answer.status < 300) return answer.body ?? null;
      const { status, body, retryAfter } = answer;
      throw new GraphQLError('refused', { extensions: { status, body, retryAfter } });
    };
  const handler = createHandler({
    schema,
    rootValue: {
      health: resolve('health'),
      row: resolve('fetch'),
      changes: resolve('list'),
      save: resolve('upsert'),
      remove: resolve('delete'),
    },
    // The library drops an answer that the resolver has already written.
    context: (request) => request.context.res as never,
  });
  const server = createServer((request, response) => {
    response.on('error', () => undefined);
    if (accepts(request.headers.authorization)) void handler(request, response);
    else response.writeHead(401).end();
  });
  await new Promise<void>((ready) => {
    server.listen(0, '127.0.0.1', ready);
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/graphql`,
    stop: () =>
      new Promise<void>((done) => {
        server.close(() => done());
        server.closeAllConnections();
      }),
  };
}

const withoutNulls = (asked: Asked): Asked => ({
  ...(Object.fromEntries(Object.entries(asked).filter(([, value]) => value !== null)) as Asked),
  // The library makes objects without prototype.
  ...(asked.page === undefined
    ? {}
    : {
        page: Object.fromEntries(
          Object.entries(asked.page).filter(([, value]) => value !== null),
        ) as unknown as RemotePage,
      }),
});
