import * as dialog from '@zag-js/dialog';
import { normalizeProps, useMachine } from '@zag-js/react';
import { useEffect, useId, useRef, type ReactNode, type RefObject } from 'react';
import { createPortal } from 'react-dom';
import { rootClass } from './ui-props.ts';

export interface DialogFrameProps {
  readonly isOpen: boolean;
  readonly onClose: () => void;
  /** A modal dialog hides the page behind it; the other kind stands beside what opened it. */
  readonly isModal: boolean;
  readonly title: string;
  readonly description?: string | undefined;
  /** Beside the title. */
  readonly aside?: ReactNode;
  /** Has the focus after closing, where what opened the dialog is gone. */
  readonly fallbackFocus?: RefObject<HTMLElement | null> | undefined;
  /** Each new value moves the focus to the beginning: the dialog shows something else now. */
  readonly shown?: string | undefined;
  readonly anchor?: string | undefined;
  readonly theme?: 'light' | 'dark' | undefined;
  readonly className: string;
  readonly children: ReactNode;
}

/** A dialog at the end of the page. Zag's machine traps and returns the focus, and hears Escape and clicks outside. */
export function DialogFrame(props: DialogFrameProps): ReactNode {
  const { isOpen, onClose, isModal, title, description, aside, fallbackFocus, shown, anchor, theme, className } = props;
  const content = useRef<HTMLDivElement>(null);
  const opener = useRef<Element>(null);
  const machine = useMachine(dialog.machine, {
    id: useId(),
    open: isOpen,
    modal: isModal,
    closeOnInteractOutside: true,
    onOpenChange: ({ open }) => {
      if (!open) onClose();
    },
    // The person hears what the question is, and an early Enter decides nothing.
    initialFocusEl: () => {
      opener.current = document.activeElement;
      return content.current;
    },
    finalFocusEl: () =>
      (opener.current instanceof HTMLElement && opener.current.isConnected ? opener.current : null) ??
      fallbackFocus?.current ??
      null,
  });
  const api = dialog.connect(machine, normalizeProps);
  const before = useRef(shown);
  useEffect(() => {
    if (before.current !== undefined && shown !== undefined && before.current !== shown) content.current?.focus();
    before.current = shown;
  }, [shown]);
  if (!api.open || typeof document === 'undefined') return null;
  const frame = (
    <div
      {...api.getContentProps()}
      ref={content}
      className="synchart-dialog"
      style={{ ...api.getContentProps().style, ...(anchor === undefined ? {} : { positionAnchor: anchor }) }}
    >
      <header className="synchart-dialog-head">
        <h2 {...api.getTitleProps()}>{title}</h2>
        {aside}
      </header>
      {description !== undefined && (
        <p {...api.getDescriptionProps()} className="synchart-quiet">
          {description}
        </p>
      )}
      {props.children}
    </div>
  );
  return createPortal(
    <div className={rootClass(className, undefined)} data-theme={theme}>
      {isModal ? (
        <>
          <div {...api.getBackdropProps()} className="synchart-backdrop" />
          <div {...api.getPositionerProps()} className="synchart-positioner">
            {frame}
          </div>
        </>
      ) : (
        frame
      )}
    </div>,
    document.body,
  );
}
