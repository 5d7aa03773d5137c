import type { Target } from "../../api/types.ts";
import { TARGETS } from "../../parts/target-label.ts";

interface Props {
  readonly targets: readonly Target[];
  readonly value: Target;
  readonly onChange: (target: Target) => void;
}

/** What the files that are added next are made into. */
export function TargetChoice({ targets, value, onChange }: Props) {
  return (
    <fieldset class="targets">
      <legend>Make the next files into</legend>
      {targets.map((target) => (
        <label key={target} class={target === value ? "card chosen" : "card"}>
          <input
            type="radio"
            name="target"
            value={target}
            checked={target === value}
            onChange={() => onChange(target)}
          />
          <span>
            <b>{TARGETS[target].label}</b>
            <span class="muted below">{TARGETS[target].hint}</span>
          </span>
        </label>
      ))}
    </fieldset>
  );
}
