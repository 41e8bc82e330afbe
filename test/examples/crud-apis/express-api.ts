import { createServer } from 'node:http';
import express, { type NextFunction, type Request, type RequestHandler, type Response } from 'express';
import { DataTypes, Op, Sequelize, ValidationError } from 'sequelize';
import sqlite3 from 'sqlite3';
import { maxTitle } from './api-rows.ts';
import { listen } from './serve-api.ts';

/** An ordinary Express API over a Sequelize model that is `paranoid`, on SQLite. */
export const startExpress = async () => {
  const sequelize = new Sequelize({ dialect: 'sqlite', dialectModule: sqlite3, storage: ':memory:', logging: false });
  const Todo = sequelize.define(
    'todos',
    {
      id: { type: DataTypes.STRING, primaryKey: true },
      title: {
        type: DataTypes.STRING,
        validate: { len: { args: [1, maxTitle], msg: `At most ${maxTitle} characters.` } },
      },
      done: DataTypes.BOOLEAN,
      priority: DataTypes.INTEGER,
      tags: DataTypes.JSON,
    },
    { paranoid: true },
  );
  await sequelize.sync();

  const app = express();
  app.use(express.json());
  app.get('/health', (_request: Request, response: Response) => response.json({ status: 'ok' }));
  app.get(
    '/todos',
    handled(async ({ query }, response) => {
      const since = new Date(String(query['since']));
      const isLater = { updatedAt: { [Op.gt]: since } };
      const isSame = { updatedAt: since, id: { [Op.gt]: String(query['afterId'] ?? '') } };
      const limit = Number(query['limit']);
      const order: [string, string][] = [
        ['updatedAt', 'ASC'],
        ['id', 'ASC'],
      ];
      response.json(await Todo.findAll({ where: { [Op.or]: [isLater, isSame] }, order, limit, paranoid: false }));
    }),
  );
  app.post(
    '/todos',
    handled(async ({ body }, response) =>
      response.status(201).json(await Todo.create(body as Record<PropertyKey, unknown>)),
    ),
  );
  const found = (request: Request) => Todo.findByPk(String(request.params['id']), { paranoid: false });
  const missing = (response: Response) => response.status(404).json({ error: 'not_found' });
  app.get(
    '/todos/:id',
    handled(async (request, response) => {
      const row = await found(request);
      return row === null ? missing(response) : response.json(row);
    }),
  );
  app.patch(
    '/todos/:id',
    handled(async (request, response) => {
      const row = await found(request);
      if (row === null) return missing(response);
      const { deletedAt, ...changes } = request.body as Record<string, unknown>;
      // Sequelize ignores `deletedAt` in an update.
      if (deletedAt === null) await row.restore();
      return response.json(await row.update(changes));
    }),
  );
  app.delete(
    '/todos/:id',
    handled(async (request, response) => {
      // On the instance: only there does Sequelize raise updatedAt, too.
      await (await found(request))?.destroy();
      response.status(204).end();
    }),
  );
  app.use((error: unknown, _request: Request, response: Response, next: NextFunction) => {
    if (!(error instanceof ValidationError)) return next(error);
    const fields = Object.fromEntries(error.errors.map(({ path, message }) => [path, message]));
    response.status(422).json({ error: 'validation_failed', message: 'Check the fields.', fields });
  });
  return listen(createServer(app));
};

/** Express 4 hands rejections to nobody. */
const handled =
  (handle: (request: Request, response: Response) => Promise<unknown>): RequestHandler =>
  (request, response, next) =>
    void handle(request, response).catch(next);
