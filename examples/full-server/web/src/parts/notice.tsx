import type { ComponentChildren } from "preact";

interface Props {
  readonly kind?: "note" | "error";
  readonly children: ComponentChildren;
}

/** A message where it belongs; errors are read out at once. */
export function Notice({ kind = "note", children }: Props) {
  return (
    <div class={`notice ${kind}`} role={kind === "error" ? "alert" : "status"}>
      {children}
    </div>
  );
}
