import type { JobOutput } from "../api/types.ts";
import { formatBytes } from "../format/format-number.ts";
import { withAccessToken } from "../state/session.ts";

/** The files that a job made, to download. */
export function Outputs({ outputs }: { readonly outputs: readonly JobOutput[] }) {
  return (
    <ul class="outputs">
      {outputs.map(({ name, sizeBytes, url }) => (
        <li key={name}>
          <a href={withAccessToken(url)} download={name} class="name">
            {name}
          </a>
          <span class="muted"> {formatBytes(sizeBytes)}</span>
        </li>
      ))}
    </ul>
  );
}
