import type { PageRow } from './page-rows.ts';

const firstSize = 1024;

/**
 * Remembers the rows that a token sequence listed, in 8 to 16 bytes per row. On a hash collision it errs towards
 * "moved", which costs a second listing and loses nothing.
 */
export class ListedRows {
  readonly #ids = new HashSet();
  readonly #versions = new HashSet();

  /**
   * Adds rows. Returns whether one of them was listed before in another version. Adding the same rows again has no
   * effect.
   */
  add(rows: readonly PageRow[]): boolean {
    let isMoved = false;
    for (const { id, ts } of rows) {
      const isNewVersion = this.#versions.add(`${id}\n${ts}`);
      if (!this.#ids.add(id) && isNewVersion) isMoved = true;
    }
    return isMoved;
  }
}

/** Open addressing over 32-bit hashes; 0 marks a free slot. */
class HashSet {
  #places = new Uint32Array(firstSize);
  #count = 0;

  /** Returns whether the text was new. */
  add(text: string): boolean {
    if (this.#count * 2 >= this.#places.length) this.#grow();
    const isNew = put(this.#places, hashOf(text));
    if (isNew) this.#count += 1;
    return isNew;
  }

  #grow(): void {
    const before = this.#places;
    this.#places = new Uint32Array(before.length * 2);
    for (const hash of before) if (hash !== 0) put(this.#places, hash);
  }
}

function put(places: Uint32Array, hash: number): boolean {
  const mask = places.length - 1;
  for (let at = hash & mask; ; at = (at + 1) & mask) {
    if (places[at] === hash) return false;
    if (places[at] !== 0) continue;
    places[at] = hash;
    return true;
  }
}

function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  hash ^= hash >>> 15;
  hash = Math.imul(hash, 0x2c1b3c6d);
  hash ^= hash >>> 13;
  return hash >>> 0 || 1;
}
