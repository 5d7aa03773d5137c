import { useEffect, useId, useRef, useState } from "preact/hooks";

/** More options than this are reached by the filter. */
const SHOWN = 300;

/** Something that can be picked. */
export interface PickerOption {
  readonly value: string;
  readonly label: string;
}

interface Props {
  readonly label: string;
  /** What the closed picker says. */
  readonly summary: string;
  readonly options: readonly PickerOption[];
  readonly chosen: readonly string[];
  readonly multiple?: boolean;
  /** The name of choosing nothing, where that is possible. */
  readonly none?: string;
  readonly onChange: (chosen: readonly string[]) => void;
}

/** A list with a filter, for one or several of many options. */
export function Picker(props: Props) {
  const { label, summary, options, chosen, multiple = false, none, onChange } = props;
  const [open, setOpen] = useState(false);
  const [filter, setFilter] = useState("");
  const root = useRef<HTMLDivElement>(null);
  const opener = useRef<HTMLButtonElement>(null);
  const search = useRef<HTMLInputElement>(null);
  const id = useId();

  useEffect(() => {
    if (!open) return;
    search.current?.focus();
    const outside = ({ target }: Event) => {
      if (!root.current?.contains(target as Node)) setOpen(false);
    };
    addEventListener("pointerdown", outside);
    addEventListener("focusin", outside);
    return () => {
      removeEventListener("pointerdown", outside);
      removeEventListener("focusin", outside);
    };
  }, [open]);

  const close = () => {
    setOpen(false);
    setFilter("");
    opener.current?.focus();
  };
  const words = filter.toLowerCase().split(/\s+/).filter(Boolean);
  const found = options.filter((option) => {
    const text = option.label.toLowerCase();
    return words.every((word) => text.includes(word));
  });
  const pick = (value: string, on: boolean) => {
    if (!multiple) onChange([value]);
    else onChange(on ? [...chosen, value] : chosen.filter((one) => one !== value));
  };

  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: Escape closes from any part inside
    <div
      ref={root}
      class="picker"
      onKeyDown={(event) => {
        if (event.key !== "Escape" || !open) return;
        event.stopPropagation();
        close();
      }}
    >
      <button
        ref={opener}
        type="button"
        class="field"
        aria-expanded={open}
        aria-controls={id}
        aria-label={`${label}: ${summary}`}
        onClick={() => setOpen(!open)}
      >
        {summary}
      </button>
      {open && (
        <fieldset id={id} class="card panel">
          <legend class="hidden">{label}</legend>
          <input
            ref={search}
            type="search"
            placeholder={`Filter ${options.length}`}
            aria-label={`Filter: ${label}`}
            value={filter}
            onInput={({ currentTarget }) => setFilter(currentTarget.value)}
            onKeyDown={(event) => {
              const first = found[0];
              if (event.key !== "Enter" || first === undefined || multiple) return;
              // Else it presses the button that gets the focus.
              event.preventDefault();
              pick(first.value, true);
              close();
            }}
          />
          <div class="options">
            {none !== undefined && filter === "" && (
              <label>
                <input
                  type="checkbox"
                  checked={chosen.length === 0}
                  onChange={() => onChange([])}
                />
                {none}
              </label>
            )}
            {found.slice(0, SHOWN).map(({ value, label: text }) => (
              <label key={value}>
                <input
                  type={multiple ? "checkbox" : "radio"}
                  name={id}
                  checked={chosen.includes(value)}
                  onChange={({ currentTarget }) => pick(value, currentTarget.checked)}
                  onClick={({ detail }) => {
                    // A click of the mouse chooses; keys only move among the options.
                    if (!multiple && detail > 0) close();
                  }}
                />
                <span class="name">{text}</span>
              </label>
            ))}
            {found.length === 0 && <p class="muted">Nothing has this in its name.</p>}
            {found.length > SHOWN && (
              <p class="muted">{found.length - SHOWN} more: filter to see them.</p>
            )}
          </div>
        </fieldset>
      )}
    </div>
  );
}
