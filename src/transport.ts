export { parseJson, stringifyJson } from './model/values/exact-json.ts';
export { createTransport } from './transport/create-transport.ts';
export type {
  CreateTransportOptions,
  RemoteAnswer,
  RemoteDelete,
  RemoteFetch,
  RemoteHealth,
  RemoteList,
  RemotePage,
  RemoteRequest,
  RemoteUpsert,
} from './transport/create-transport.ts';
export { RestTransport } from './transport/rest-transport.ts';
export type {
  AnswerToClassify,
  AnswerToRead,
  ReadRefusal,
  RestTransportOptions,
  StatusVerdict,
  TokenProvider,
} from './transport/http/rest-options.ts';
