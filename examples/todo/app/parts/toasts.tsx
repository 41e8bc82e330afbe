import { createContext, use, useCallback, useState, type ReactNode } from 'react';

interface Toast {
  readonly id: number;
  readonly text: string;
  readonly undo?: (() => Promise<unknown>) | undefined;
}

type Tell = (text: string, undo?: () => Promise<unknown>) => void;

const ToastContext = createContext<Tell>(() => undefined);
const shownMs = 8_000;
let nextId = 0;

/** Tells what just happened, and offers to take it back. */
export const useToast = (): Tell => use(ToastContext);

export function ToastArea({ children }: { readonly children: ReactNode }): ReactNode {
  const [toasts, setToasts] = useState<readonly Toast[]>([]);
  const close = (id: number): void => setToasts((now) => now.filter((toast) => toast.id !== id));
  const tell = useCallback<Tell>((text, undo) => {
    nextId += 1;
    const id = nextId;
    setToasts((now) => [...now.slice(-2), { id, text, undo }]);
    setTimeout(() => close(id), shownMs);
  }, []);
  return (
    <ToastContext value={tell}>
      <div className="toast-area">
        {children}
        <div className="toasts" role="status">
          {toasts.map(({ id, text, undo }) => (
            <div key={id} className="toast">
              <span>{text}</span>
              {undo !== undefined && (
                <button
                  type="button"
                  className="button"
                  onClick={() => {
                    close(id);
                    undo().catch((error: unknown) =>
                      tell(`That cannot be undone. ${error instanceof Error ? error.message : String(error)}`),
                    );
                  }}
                >
                  Undo
                </button>
              )}
              <button type="button" className="button icon" aria-label="Close" onClick={() => close(id)}>
                ×
              </button>
            </div>
          ))}
        </div>
      </div>
    </ToastContext>
  );
}
