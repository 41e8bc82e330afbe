interface FlushingHandle {
  flush(): void;
}

const handles: unknown = Reflect.get(globalThis, 'FileSystemSyncAccessHandle');
const prototype = typeof handles === 'function' ? (handles.prototype as FlushingHandle) : undefined;
let flushes = 0;
let messages = 0;
if (prototype !== undefined) {
  const { flush } = prototype;
  prototype.flush = function counted(this: FlushingHandle) {
    flushes += 1;
    flush.call(this);
  };
}
const { postMessage } = MessagePort.prototype;
MessagePort.prototype.postMessage = function counted(this: MessagePort, ...given: [unknown]) {
  messages += 1;
  postMessage.apply(this, given);
};

/** How often this worker has flushed a file so far. */
export const countFlushes = (): number => flushes;
/** How many messages this worker has sent to its own tab so far. */
export const countMessages = (): number => messages;
