import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

/** What of a request tells who sent it. */
export interface Caller {
  readonly method: string;
  readonly host: string | undefined;
  readonly origin: string | undefined;
}

/** Lets one panel in for each token, and nobody from another site. */
export interface Gatekeeper {
  /** Why a request is refused before anything else is looked at; undefined: it may go on. */
  refusal(caller: Caller): string | undefined;
  /** The token of the address to open. After it was used, a new one. */
  readonly token: string;
  /** Exchanges the token for the key of a session; undefined where it is wrong or was used. */
  redeem(token: string): string | undefined;
  isKey(key: string): boolean;
}

const secret = (): string => randomBytes(32).toString('base64url');
const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
/** Takes as long for a wrong text as for the right one. */
const isSame = (left: string, right: string): boolean => timingSafeEqual(digest(left), digest(right));

/**
 * `hosts` are the names under which the server knows itself, such as `127.0.0.1:4983`: any other is a name that was
 * pointed at us (DNS rebinding).
 */
export function createGatekeeper(hosts: () => readonly string[]): Gatekeeper {
  let token = secret();
  const keys = new Set<string>();
  return {
    refusal: ({ method, host, origin }) => {
      if (host === undefined || !hosts().includes(host)) return 'this server answers under its own address only';
      if (origin !== undefined && !hosts().some((own) => origin === `http://${own}`))
        return 'a page of another site asked';
      if (method !== 'GET' && origin === undefined) return 'only the panel may write';
      return undefined;
    },
    get token() {
      return token;
    },
    redeem: (given) => {
      if (!isSame(given, token)) return undefined;
      token = secret();
      const key = secret();
      keys.add(key);
      return key;
    },
    isKey: (given) => [...keys].some((key) => isSame(key, given)),
  };
}
