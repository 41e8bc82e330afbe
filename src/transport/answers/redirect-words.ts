import { excerpt } from '../http/http-answer.ts';
import { parseUrl } from '../http/parse-url.ts';

/** Explains where a redirect leads, and which setting of the app causes it. */
export function redirectWords(requested: string, location: string | undefined): string {
  const target = location === undefined ? 'elsewhere' : `to '${excerpt(location, 200)}'`;
  return `redirected ${target}; redirects are not followed, because the token must not go to another host. ${remedyOf(requested, location)}`;
}

function remedyOf(requested: string, location: string | undefined): string {
  const from = new URL(requested);
  const to = location === undefined ? undefined : parseUrl(location, requested);
  if (to === undefined) return 'Correct baseUrl.';
  if (from.origin !== to.origin || from.pathname === to.pathname) return 'Correct baseUrl.';
  if (to.pathname === `${from.pathname}/`)
    return 'The server requires a slash at the end of each path, as Django does: set the option trailingSlash: true of RestTransport.';
  if (`${to.pathname}/` === from.pathname)
    return 'The server allows no slash at the end of its paths: remove the option trailingSlash.';
  return 'Correct baseUrl.';
}
