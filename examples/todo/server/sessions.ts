import { randomUUID } from 'node:crypto';

/** Who may sign in. A demonstration needs no passwords. */
export const users = ['ada', 'ben'] as const;
export type User = (typeof users)[number];
export const isUser = (name: unknown): name is User => users.some((user) => user === name);

/** The sessions of this server. They end with it, or when somebody lets them expire. */
export class Sessions {
  readonly #userOf = new Map<string, User>();

  open(user: User): string {
    const token = randomUUID();
    this.#userOf.set(token, user);
    return token;
  }

  /** The user of an `Authorization` header; undefined: unknown, or expired. */
  userOf(authorization: string | undefined): User | undefined {
    return this.#userOf.get(authorization?.replace(/^Bearer /, '') ?? '');
  }

  /** Ends all sessions of a user. */
  expire(user: User): void {
    for (const [token, owner] of this.#userOf) if (owner === user) this.#userOf.delete(token);
  }
}
