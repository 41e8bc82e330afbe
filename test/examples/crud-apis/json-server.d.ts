declare module 'json-server' {
  import type { RequestHandler } from 'express';

  /** What the tests use of json-server, which has no types. */
  const jsonServer: {
    readonly create: () => import('express').Express;
    readonly defaults: (options: { readonly logger: boolean }) => RequestHandler[];
    readonly bodyParser: RequestHandler[];
    readonly router: (data: object) => RequestHandler;
  };
  export default jsonServer;
}
