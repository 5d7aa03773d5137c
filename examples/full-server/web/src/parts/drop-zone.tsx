import { useEffect, useState } from "preact/hooks";
import { messageOf } from "../api/api-error.ts";
import { droppedFiles } from "./dropped-files.ts";
import { FileButton } from "./file-button.tsx";
import { Notice } from "./notice.tsx";

interface Props {
  /** What can be dropped: "archives". */
  readonly title: string;
  readonly hint: string;
  /** Endings that the file dialog offers, separated by commas. */
  readonly accept: string;
  readonly onFiles: (files: readonly File[]) => void;
}

/** Takes files that are chosen, or dropped anywhere on the page. */
export function DropZone({ title, hint, accept, onFiles }: Props) {
  const [over, setOver] = useState(false);
  const [problem, setProblem] = useState<string>();

  useEffect(() => {
    const enter = (event: DragEvent) => {
      if (!event.dataTransfer?.types.includes("Files")) return;
      event.preventDefault();
      setOver(true);
    };
    const leave = (event: DragEvent) => {
      if (event.relatedTarget === null) setOver(false);
    };
    const drop = (event: DragEvent) => {
      if (event.dataTransfer === null) return;
      event.preventDefault();
      setOver(false);
      setProblem(undefined);
      droppedFiles(event.dataTransfer).then(onFiles, (error: unknown) =>
        setProblem(`The dropped files cannot be read: ${messageOf(error)}`),
      );
    };
    addEventListener("dragenter", enter);
    addEventListener("dragover", enter);
    addEventListener("dragleave", leave);
    addEventListener("drop", drop);
    return () => {
      removeEventListener("dragenter", enter);
      removeEventListener("dragover", enter);
      removeEventListener("dragleave", leave);
      removeEventListener("drop", drop);
    };
  }, [onFiles]);

  return (
    <div class={over ? "drop over" : "drop"}>
      <p>
        <b>{over ? "Let go to add the files" : title}</b>
      </p>
      <FileButton
        label="Choose files"
        class="button main"
        accept={accept}
        multiple
        onFiles={onFiles}
      />
      <p class="muted">{hint}</p>
      {problem !== undefined && <Notice kind="error">{problem}</Notice>}
    </div>
  );
}
