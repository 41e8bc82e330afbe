import { browserConnectivity } from 'synchart';

/** The network of the browser, and a switch that pretends there is none. */
export class NetworkSwitch {
  readonly #network = browserConnectivity();
  readonly #listeners = new Set<(online: boolean) => void>();
  readonly #key: string;
  #isCut: boolean;

  /** `key` keeps the switch over a reload. */
  constructor(key: string) {
    this.#key = key;
    this.#isCut = localStorage.getItem(key) === 'cut';
  }

  isOnline = (): boolean => !this.#isCut && this.#network.isOnline();
  isCut = (): boolean => this.#isCut;

  subscribe = (listener: (online: boolean) => void): (() => void) => {
    this.#listeners.add(listener);
    const stop = this.#network.subscribe(() => listener(this.isOnline()));
    return () => {
      this.#listeners.delete(listener);
      stop();
    };
  };

  cut(isCut: boolean): void {
    this.#isCut = isCut;
    localStorage.setItem(this.#key, isCut ? 'cut' : '');
    for (const listener of this.#listeners) listener(this.isOnline());
  }
}
