import { pageBytes, type PageChanges } from '../storage/page-store.ts';

/** A file in memory that knows which of its pages have changed since they were last stored, and can take that back. */
export class PagedFile {
  #pages: Uint8Array[];
  #size: number;
  #storedSize: number;
  /** The stored state of each page that has changed; undefined for a page that is new. */
  readonly #stored = new Map<number, Uint8Array | undefined>();

  constructor(pages: Uint8Array[], size: number) {
    this.#pages = pages;
    this.#size = size;
    this.#storedSize = size;
  }

  get size(): number {
    return this.#size;
  }

  get isChanged(): boolean {
    return this.#stored.size > 0 || this.#size !== this.#storedSize;
  }

  /** Fills `into` with what stands at `at`, and with zeros beyond the end. Returns how many bytes there were. */
  read(into: Uint8Array, at: number): number {
    const length = Math.max(0, Math.min(into.byteLength, this.#size - at));
    for (let done = 0; done < length; ) {
      const { index, offset, count } = placeOf(at + done, length - done);
      const page = this.#pages[index];
      if (page === undefined) into.fill(0, done, done + count);
      else into.set(page.subarray(offset, offset + count), done);
      done += count;
    }
    into.fill(0, length);
    return length;
  }

  write(bytes: Uint8Array, at: number): void {
    for (let done = 0; done < bytes.byteLength; ) {
      const { index, offset, count } = placeOf(at + done, bytes.byteLength - done);
      this.#change(index).set(bytes.subarray(done, done + count), offset);
      done += count;
    }
    this.#size = Math.max(this.#size, at + bytes.byteLength);
  }

  truncate(size: number): void {
    const count = Math.ceil(size / pageBytes);
    for (let index = count; index < this.#pages.length; index += 1) this.#remember(index);
    this.#pages.length = Math.min(this.#pages.length, count);
    if (size < this.#size && size % pageBytes !== 0) this.#change(count - 1).fill(0, size % pageBytes);
    this.#size = size;
  }

  /** What is not stored yet. */
  changes(): PageChanges {
    const pages = new Map<number, Uint8Array | undefined>();
    for (const index of this.#stored.keys()) pages.set(index, this.#pages[index]);
    return { size: this.#size, pages };
  }

  /** Says that all changes are stored. */
  keep(): void {
    this.#stored.clear();
    this.#storedSize = this.#size;
  }

  /** Takes all changes back: the file is as it is stored. */
  revert(): void {
    for (const [index, page] of this.#stored) if (page !== undefined) this.#pages[index] = page;
    this.#pages.length = Math.ceil(this.#storedSize / pageBytes);
    this.#size = this.#storedSize;
    this.#stored.clear();
  }

  #remember(index: number): void {
    if (!this.#stored.has(index)) this.#stored.set(index, this.#pages[index]);
  }

  /** A page that may be written to: the stored one stays as it is. */
  #change(index: number): Uint8Array {
    const page = this.#pages[index];
    if (page !== undefined && this.#stored.has(index)) return page;
    this.#remember(index);
    const copy = page?.slice() ?? new Uint8Array(pageBytes);
    for (let between = this.#pages.length; between < index; between += 1) {
      this.#remember(between);
      this.#pages[between] = new Uint8Array(pageBytes);
    }
    this.#pages[index] = copy;
    return copy;
  }
}

/** Which page a position lies in, and how many of the next bytes lie in it, too. */
function placeOf(at: number, wanted: number): { index: number; offset: number; count: number } {
  const offset = at % pageBytes;
  return { index: (at - offset) / pageBytes, offset, count: Math.min(wanted, pageBytes - offset) };
}
