const kept = (user: string): string => `todo-token-${user}`;

/** Who is signed in. The token is kept over a reload, so that a reload without a network goes on later. */
export class Session {
  readonly user: string;
  #token: string;
  readonly #renewed = new Set<() => void>();

  private constructor(user: string, token: string) {
    this.user = user;
    this.#token = token;
  }

  /** Signs in, or goes on with the token of the last visit. Without a network and a token the app opens all the same. */
  static async open(user: string): Promise<Session> {
    const token = localStorage.getItem(kept(user)) ?? (await askForToken(user).catch(() => ''));
    return new Session(user, token);
  }

  get token(): string {
    return `Bearer ${this.#token}`;
  }

  /** Calls back when there is a new token; returns the function that ends it. */
  onRenewed(listener: () => void): () => void {
    this.#renewed.add(listener);
    return () => this.#renewed.delete(listener);
  }

  async renew(): Promise<void> {
    this.#token = await askForToken(this.user);
    for (const listener of this.#renewed) listener();
  }

  /** Lets the server forget the sessions of this user, as if they had been idle for too long. */
  async expire(): Promise<void> {
    await fetch('/session', { method: 'DELETE', headers: { authorization: this.token } });
  }

  /** Starts one of the server's own jobs; resolves with how many todos it changed. */
  async runServerAction(action: string): Promise<number> {
    const answer = await fetch(`/actions/${action}`, { method: 'POST', headers: { authorization: this.token } });
    if (!answer.ok)
      throw new Error(answer.status === 401 ? 'The session has ended' : `The server answered ${answer.status}`);
    const { changed }: { changed: number } = await answer.json();
    return changed;
  }
}

async function askForToken(user: string): Promise<string> {
  const answer = await fetch('/session', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ user }),
  });
  if (!answer.ok) throw new Error(`Signing in failed: the server answered ${answer.status}`);
  const { token }: { token: string } = await answer.json();
  localStorage.setItem(kept(user), token);
  return token;
}
