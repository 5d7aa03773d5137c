import type { ComponentChildren } from "preact";

interface Props {
  readonly title: string;
  readonly children: ComponentChildren;
}

/** What to do where there is nothing to show. */
export function Empty({ title, children }: Props) {
  return (
    <div class="card empty">
      <h3>{title}</h3>
      <p>{children}</p>
    </div>
  );
}
