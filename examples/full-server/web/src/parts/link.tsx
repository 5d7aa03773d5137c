import type { ComponentChildren } from "preact";
import { navigate } from "../state/routing.ts";

interface Props {
  readonly href: string;
  readonly class?: string;
  readonly current?: boolean;
  readonly children: ComponentChildren;
}

/** A link to one of these pages, followed without loading them again. */
export function Link({ href, class: looks, current = false, children }: Props) {
  const follow = (event: MouseEvent) => {
    if (event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) {
      return;
    }
    event.preventDefault();
    navigate(href);
  };
  return (
    <a href={href} class={looks} aria-current={current ? "page" : undefined} onClick={follow}>
      {children}
    </a>
  );
}
