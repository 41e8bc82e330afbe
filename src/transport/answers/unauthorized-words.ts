import type { RestSettings } from '../http/rest-options.ts';

/** The message for a rejected token. `said` is the server's own reason. */
export function unauthorizedWords(
  status: number,
  { tokenHint }: Pick<RestSettings, 'tokenHint'>,
  said?: string,
): string {
  if (tokenHint === undefined) return said ?? `The server does not accept the token (${status})`;
  return `${said ?? `The server asks for a token (${status})`}; ${tokenHint}`;
}
