import { BadRequest } from '@feathersjs/errors';
import express, { errorHandler, json, rest } from '@feathersjs/express';
import { feathers, type HookContext } from '@feathersjs/feathers';
import { memory } from '@feathersjs/memory';
import type { Request, Response } from 'express';
import { isTitleTooLong, maxTitle } from './api-rows.ts';
import { running } from './serve-api.ts';

/** Feathers 5 with its memory adapter, and hooks that check the title and set `updatedAt`. */
export const startFeathers = async () => {
  let last = 0;
  const stamp = async ({ data }: HookContext): Promise<void> => {
    const row = data as { title?: string; updatedAt?: string };
    if (isTitleTooLong(row))
      throw new BadRequest('Validation failed', { errors: { title: `At most ${maxTitle} characters.` } });
    last = Math.max(Date.now(), last + 1);
    row.updatedAt = new Date(last).toISOString();
  };
  const app = express(feathers());
  app.use(json());
  app.use('/health', (_request: Request, response: Response) => void response.json({ status: 'ok' }));
  app.configure(rest());
  app.use('todos', memory({ paginate: { default: 10, max: 50 } }));
  app.service('todos').hooks({ before: { create: [stamp], patch: [stamp] } });
  app.use(errorHandler({ logger: false }));
  return running(await app.listen(0, '127.0.0.1'));
};
