import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { FastifyInstance } from 'fastify';
import type { LanAccess } from './lan-access.ts';
import { tokenGuard } from './token-guard.ts';

/** Puts https in front of an app, for all devices of the network. Only requests with the token reach the app. */
export async function listenOnLan(
  app: FastifyInstance,
  access: LanAccess,
  port: number,
): Promise<{ readonly port: number; close(): Promise<void> }> {
  const guard = tokenGuard(access);
  await app.ready();
  const server = createServer({ cert: access.certificate, key: access.key }, (request, answer) => {
    if (guard(request, answer)) app.routing(request, answer);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '0.0.0.0', resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    close: async () => {
      const ended = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await ended;
    },
  };
}
