export { parseJson, stringifyJson } from './model/values/exact-json.ts';
export { createTransport } from './transport/create-transport.ts';
export type { CreateTransportOptions } from './transport/create-transport.ts';
export { crudSend } from './transport/crud-send.ts';
export type { CrudSendOptions } from './transport/crud-send.ts';
export type { CrudHttp, CrudRequest } from './transport/http/crud-http.ts';
export type {
  RemoteAnswer,
  RemoteDelete,
  RemoteFetch,
  RemoteHealth,
  RemoteList,
  RemotePage,
  RemoteRequest,
  RemoteUpsert,
} from './transport/http/remote-request.ts';
export { RestTransport } from './transport/rest-transport.ts';
export type {
  AnswerToClassify,
  AnswerToRead,
  ReadRefusal,
  RestTransportOptions,
  StatusVerdict,
  TokenProvider,
} from './transport/http/rest-options.ts';
