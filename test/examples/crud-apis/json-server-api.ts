import { createServer } from 'node:http';
import jsonServer from 'json-server';
import { isTitleTooLong } from './api-rows.ts';
import { listen } from './serve-api.ts';

/** json-server as a module, with a middleware that refuses: https://github.com/typicode/json-server/tree/v0.17.4#module */
export const startJsonServer = () => {
  const app = jsonServer.create();
  app.use(jsonServer.defaults({ logger: false }), jsonServer.bodyParser);
  app.use((request, response, next) => {
    if (isTitleTooLong(request.body as { title?: string }))
      response.status(422).json({ message: 'Title is too long.' });
    else next();
  });
  app.use(jsonServer.router({ todos: [] }));
  return listen(createServer(app));
};
