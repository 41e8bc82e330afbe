import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { LanAccess } from './lan-access.ts';

const cookieName = 'todo-token';
const secondsOfYear = 31_536_000;
const digest = (value: string): Buffer => createHash('sha256').update(value).digest();

const askForToken = `<!doctype html>
<html lang="en">
<meta charset="utf-8" />
<meta name="viewport" content="width=device-width, initial-scale=1" />
<meta name="color-scheme" content="light dark" />
<title>Todos</title>
<style>body { font: 1rem system-ui; max-width: 22rem; margin: 4rem auto; padding: 0 1rem } input, button { font: inherit; padding: .5rem; min-height: 44px }</style>
<h1>Todos</h1>
<form action="/">
  <p><label for="token">The token that the terminal shows</label></p>
  <p><input id="token" name="token" autocomplete="off" autocapitalize="off" required autofocus /> <button>Open</button></p>
</form>
</html>
`;

/**
 * Lets requests in that bring the token: once in the address, afterwards in a cookie. Answers the others itself and
 * returns whether the request may go on.
 */
export function tokenGuard({
  token,
  authority,
}: LanAccess): (request: IncomingMessage, answer: ServerResponse) => boolean {
  const wanted = digest(token);
  const isToken = (value: string | null | undefined): boolean =>
    typeof value === 'string' && timingSafeEqual(digest(value.trim().toLowerCase()), wanted);
  return (request, answer) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'https://localhost');
    answer.setHeader('referrer-policy', 'no-referrer');
    if (isToken(searchParams.get('token'))) {
      const cookie = `${cookieName}=${token}; Path=/; Max-Age=${secondsOfYear}; Secure; HttpOnly; SameSite=Lax`;
      // Without the token in the address, nobody sees it over a shoulder or in the history.
      answer.writeHead(303, { 'set-cookie': cookie, location: pathname, 'cache-control': 'no-store' }).end();
      return false;
    }
    if (!isToken(cookieOf(request))) {
      const isPage = request.method === 'GET' && (request.headers.accept ?? '').includes('text/html');
      answer
        .writeHead(401, {
          'content-type': isPage ? 'text/html; charset=utf-8' : 'application/json',
          'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'",
          'cache-control': 'no-store',
        })
        .end(isPage ? askForToken : '{"error":"token_missing","message":"Open the address with the token first"}');
      return false;
    }
    if (pathname === '/certificate.crt') {
      answer.writeHead(200, { 'content-type': 'application/x-x509-ca-cert' }).end(authority);
      return false;
    }
    return true;
  };
}

const cookieOf = ({ headers }: IncomingMessage): string | undefined =>
  (headers.cookie ?? '')
    .split('; ')
    .find((pair) => pair.startsWith(`${cookieName}=`))
    ?.slice(cookieName.length + 1);
