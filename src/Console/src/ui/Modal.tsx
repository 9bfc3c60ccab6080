import { useLayoutEffect, useRef } from 'preact/hooks';
import type { ComponentChildren, JSX } from 'preact';

/** A dialog of the platform's own: it keeps the focus, ends with Escape, and gives the focus back. */
export function Modal({ label, class: name, role, onClose, children }: {
  label: string; class?: string; role?: 'alertdialog'; onClose: () => void; children: ComponentChildren;
}): JSX.Element {
  const dialog = useRef<HTMLDialogElement>(null);
  // Before the next paint: whoever types on at once types into it.
  useLayoutEffect(() => {
    const element = dialog.current!;
    const before = document.activeElement;
    element.showModal();
    return () => {
      element.close();
      if (before instanceof HTMLElement) before.focus();
    };
  }, []);
  return (
    <dialog ref={dialog} class={name} role={role} aria-label={label}
      onCancel={event => (event.preventDefault(), onClose())}
      // A click beside the content is one on the dialog itself, which its content fills.
      onMouseDown={event => event.target === dialog.current && onClose()}>
      {children}
    </dialog>
  );
}
