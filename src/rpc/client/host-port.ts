import { listenTo, type RpcPort } from '../protocol/port.ts';

/** A port, or what gives one: it is asked again whenever the host is gone. */
export type HostSource = RpcPort | (() => RpcPort | Promise<RpcPort>);

/** A port in use, and what is known of the host behind it. */
export interface AttachedPort {
  readonly port: RpcPort;
  readonly stop: () => void;
  readonly isOurs: boolean;
  readonly attempt: number;
  /** Undefined until the host has answered the greeting. */
  hostId: string | undefined;
  /** Only an open transaction goes on at this host. */
  isLeaving: boolean;
  /** The greeting was turned down for a reason that may pass. */
  wasRefused: boolean;
}

export interface HostPortListener {
  /** A new port is in use: its host must be greeted. */
  attached(): void;
  /** A message came through the port of this attempt. */
  hear(attempt: number, data: unknown): void;
  /** The port of this attempt has ended. */
  lost(attempt: number): void;
  /** The source gave no port. */
  failed(error: unknown): void;
}

/** The one port that the client speaks through, and the way to the next one. */
export class HostPort {
  readonly #listener: HostPortListener;
  #current: AttachedPort | undefined;
  #attempts = 0;
  #source: (() => RpcPort | Promise<RpcPort>) | undefined;
  #isAsking = false;

  constructor(listener: HostPortListener) {
    this.#listener = listener;
  }

  get current(): AttachedPort | undefined {
    return this.#current;
  }

  /** The current port, if it is the one of this attempt. */
  ofAttempt(attempt: number): AttachedPort | undefined {
    return this.#current?.attempt === attempt ? this.#current : undefined;
  }

  open(source: HostSource): void {
    if (typeof source !== 'function') {
      this.attach(source);
      return;
    }
    this.#source = source;
    this.ask();
  }

  /** Goes on through this port; `isOurs`: it is closed afterwards. */
  attach(port: RpcPort, isOurs = false): void {
    this.detach();
    const attempt = (this.#attempts += 1);
    const stop = listenTo(
      port,
      (data) => this.#listener.hear(attempt, data),
      () => this.#listener.lost(attempt),
    );
    this.#current = { port, stop, isOurs, attempt, hostId: undefined, isLeaving: false, wasRefused: false };
    this.#listener.attached();
  }

  detach(): void {
    const attached = this.#current;
    this.#current = undefined;
    attached?.stop();
    if (attached?.isOurs === true) attached.port.close?.();
  }

  /** Leaves a port whose host has gone or goes, and asks for the next one. */
  moveOn({ isLeaving }: AttachedPort): void {
    // The port stays: a host that leaves may be followed by another one behind the same port.
    if (!isLeaving || this.#source !== undefined) this.detach();
    this.ask();
  }

  /** Asks the source for a port, unless there is none or it was asked already. */
  ask(): void {
    const source = this.#source;
    if (source === undefined || this.#isAsking) return;
    const attempts = this.#attempts;
    this.#isAsking = true;
    const take = (port: RpcPort): void => {
      this.#isAsking = false;
      if (this.#source === source && this.#attempts === attempts) this.attach(port, true);
      else port.close?.();
    };
    const failed = (error: unknown): void => {
      this.#isAsking = false;
      this.#listener.failed(error);
    };
    try {
      const port = source();
      if ('then' in port) port.then(take, failed);
      else take(port);
    } catch (error) {
      failed(error);
    }
  }

  close(): void {
    this.#source = undefined;
    this.detach();
  }
}
