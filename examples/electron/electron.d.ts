/** What this example uses of Electron, so that it compiles without the package. Your app has the real types. */
declare module 'electron' {
  interface MessagePortMain {
    postMessage(message: unknown): void;
    on(event: 'message', listener: (event: { readonly data: unknown }) => void): void;
    on(event: 'close', listener: () => void): void;
    off(event: 'message' | 'close', listener: (event: { readonly data: unknown }) => void): void;
    start(): void;
    close(): void;
  }
  export const app: {
    getPath(name: 'userData'): string;
    whenReady(): Promise<void>;
    on(event: 'before-quit', listener: (event: { preventDefault(): void }) => void): void;
    quit(): void;
  };
  export class BrowserWindow {
    constructor(options: { readonly webPreferences: { readonly preload: string } });
    loadFile(path: string): Promise<void>;
  }
  export class MessageChannelMain {
    readonly port1: MessagePortMain;
    readonly port2: MessagePortMain;
  }
  export const ipcMain: {
    on(
      channel: string,
      listener: (event: {
        readonly sender: { postMessage(channel: string, message: unknown, ports: readonly MessagePortMain[]): void };
      }) => void,
    ): void;
  };
  export const ipcRenderer: {
    send(channel: string): void;
    on(channel: string, listener: (event: { readonly ports: readonly MessagePort[] }) => void): void;
  };
  export type { MessagePortMain };
}
