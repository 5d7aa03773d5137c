import { ACCEPTED_TYPES } from "./upload-item.ts";

interface Props {
  readonly label: string;
  readonly class: string;
  readonly multiple?: boolean;
  readonly onFiles: (files: readonly File[]) => void;
}

/** A file field that looks like a button. */
export function FileButton({ label, class: looks, multiple = false, onFiles }: Props) {
  return (
    <label class={`${looks} file`}>
      {label}
      <input
        type="file"
        class="hidden"
        accept={ACCEPTED_TYPES}
        multiple={multiple}
        onChange={({ currentTarget }) => {
          onFiles([...(currentTarget.files ?? [])]);
          // The same file can be chosen again.
          currentTarget.value = "";
        }}
      />
    </label>
  );
}
