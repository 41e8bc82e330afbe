import type { RpcPort } from '../../src/rpc/protocol/port.ts';

/** What happens to one message on its way: how often it arrives, and behind how many of those sent after it. */
export interface Fate {
  readonly copies: number;
  readonly behind: number;
}

const plain: Fate = { copies: 1, behind: 0 };

interface Underway {
  readonly message: unknown;
  behind: number;
}

/** One end of a pair of ports in this thread. Messages are cloned, and arrive in later turns of the event loop. */
class LinkedPort implements RpcPort {
  other: LinkedPort | undefined;
  isCut = false;
  sent = 0;
  readonly #fateOf: (message: unknown) => Fate;
  readonly #listeners = new Set<(event: object) => void>();
  readonly #underway: Underway[] = [];

  constructor(fateOf: (message: unknown) => Fate) {
    this.#fateOf = fateOf;
  }

  postMessage(message: unknown): void {
    this.sent += 1;
    const { copies, behind } = this.#fateOf(message);
    for (const waiting of this.#underway) waiting.behind -= 1;
    for (let copy = 0; copy < copies; copy += 1) this.#underway.push({ message: structuredClone(message), behind });
    setImmediate(() => this.#deliver(false));
    // Nothing is held back for ever.
    if (behind > 0) setTimeout(() => this.#deliver(true), 5);
  }

  addEventListener(type: 'message' | 'close', listener: (event: object) => void): void {
    if (type === 'message') this.#listeners.add(listener);
  }

  removeEventListener(type: 'message' | 'close', listener: (event: object) => void): void {
    if (type === 'message') this.#listeners.delete(listener);
  }

  #deliver(all: boolean): void {
    const due = this.#underway.filter(({ behind }) => all || behind <= 0);
    for (const item of due) {
      this.#underway.splice(this.#underway.indexOf(item), 1);
      if (!this.isCut) this.other?.hear(item.message);
    }
  }

  hear(data: unknown): void {
    if (this.isCut) return;
    for (const listener of [...this.#listeners]) listener({ data });
  }
}

export interface PortPair {
  readonly client: LinkedPort;
  readonly host: LinkedPort;
  /** Nothing passes any more, in neither direction. */
  cut(): void;
}

export function linkedPorts(
  fates: { readonly toHost?: (message: unknown) => Fate; readonly toClient?: (message: unknown) => Fate } = {},
): PortPair {
  const client = new LinkedPort(fates.toHost ?? (() => plain));
  const host = new LinkedPort(fates.toClient ?? (() => plain));
  client.other = host;
  host.other = client;
  return {
    client,
    host,
    cut: () => {
      client.isCut = true;
      host.isCut = true;
    },
  };
}
