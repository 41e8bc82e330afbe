/**
 * What is used of a `MessagePort`, a `BroadcastChannel`, a `Worker`, or a channel between processes. Messages arrive
 * whole, in order, and as structured clones, in the `data` of an event.
 */
export interface RpcPort {
  postMessage(message: unknown): void;
  addEventListener(type: 'message' | 'close', listener: (event: object) => void): void;
  removeEventListener(type: 'message' | 'close', listener: (event: object) => void): void;
  start?(): void;
  close?(): void;
}

/** Listens to a port; returns the function that ends it. `onClose` is called where the port tells of its end. */
export function listenTo(port: RpcPort, onMessage: (data: unknown) => void, onClose: () => void): () => void {
  const hear = (event: object): void => onMessage('data' in event ? event.data : undefined);
  const close = (): void => onClose();
  port.addEventListener('message', hear);
  port.addEventListener('close', close);
  port.start?.();
  return () => {
    port.removeEventListener('message', hear);
    port.removeEventListener('close', close);
  };
}
