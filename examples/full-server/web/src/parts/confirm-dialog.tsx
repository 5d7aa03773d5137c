import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { messageOf } from "../api/api-error.ts";
import { Notice } from "./notice.tsx";

interface Props {
  readonly title: string;
  readonly action: string;
  readonly children: ComponentChildren;
  /** The dialog stays and shows the error when it throws. */
  readonly onConfirm: () => Promise<void>;
  readonly onClose: () => void;
}

/** Asks before something is lost. Escape and the first button do nothing. */
export function ConfirmDialog({ title, action, children, onConfirm, onClose }: Props) {
  const dialog = useRef<HTMLDialogElement>(null);
  const [working, setWorking] = useState(false);
  const [problem, setProblem] = useState<string>();
  useEffect(() => dialog.current?.showModal(), []);
  const confirm = async () => {
    setWorking(true);
    setProblem(undefined);
    try {
      await onConfirm();
      onClose();
    } catch (error) {
      setProblem(messageOf(error));
      setWorking(false);
    }
  };
  return (
    <dialog ref={dialog} onClose={onClose} aria-labelledby="confirm-title">
      <h2 id="confirm-title">{title}</h2>
      {children}
      {problem !== undefined && <Notice kind="error">{problem}</Notice>}
      <div class="actions">
        <button type="button" class="button" onClick={() => dialog.current?.close()}>
          Keep
        </button>
        <button type="button" class="button danger" disabled={working} onClick={confirm}>
          {working ? "Deleting…" : action}
        </button>
      </div>
    </dialog>
  );
}
