/** The part of a `FileSystemSyncAccessHandle` that changes a file. */
interface WritingHandle {
  write(bytes: ArrayBufferView, options?: { readonly at?: number }): number;
  truncate(size: number): void;
  flush(): void;
}

export interface WatchedWrites {
  /** What the file system said when it last refused; undefined when it refused nothing since the last call. */
  takeRefusal(): unknown;
}

const quotaMessage = 'the file system took only a part of the bytes: the storage is full';

/**
 * Remembers why the file system refuses. SQLite reports every refusal as SQLITE_IOERR, so that nobody could tell a full
 * storage from a lost file. Changes the prototype of this worker's handles, and no other file is written here.
 */
export function watchWrites(): WatchedWrites {
  const handles: unknown = Reflect.get(globalThis, 'FileSystemSyncAccessHandle');
  const prototype = typeof handles === 'function' ? (handles.prototype as WritingHandle) : undefined;
  let refusal: unknown;
  const watched = <A extends unknown[], R>(method: (this: WritingHandle, ...args: A) => R) =>
    function watching(this: WritingHandle, ...args: A): R {
      try {
        return method.apply(this, args);
      } catch (error) {
        refusal = error;
        throw error;
      }
    };
  if (prototype !== undefined) {
    const { write, truncate, flush } = prototype;
    prototype.write = watched(function (bytes, options) {
      const written = write.call(this, bytes, options);
      if (written < bytes.byteLength) throw new DOMException(quotaMessage, 'QuotaExceededError');
      return written;
    });
    prototype.truncate = watched(truncate);
    prototype.flush = watched(flush);
  }
  return {
    takeRefusal: () => {
      const taken = refusal;
      refusal = undefined;
      return taken;
    },
  };
}
