interface Props {
  readonly label: string;
  readonly class: string;
  /** Endings that the file dialog offers, separated by commas. */
  readonly accept: string;
  readonly multiple?: boolean;
  readonly onFiles: (files: readonly File[]) => void;
}

/** A file field that looks like a button. */
export function FileButton({ label, class: looks, accept, multiple = false, onFiles }: Props) {
  return (
    <label class={`${looks} file`}>
      {label}
      <input
        type="file"
        class="hidden"
        accept={accept}
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
