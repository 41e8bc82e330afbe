export { RestTransport } from './transport/rest-transport.ts';
export type { AnswerToClassify, RestTransportOptions, StatusVerdict, TokenProvider } from './transport/rest-options.ts';
