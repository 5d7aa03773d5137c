import { decimalsFor, formatFigure } from "../../format/format-number.ts";
import { formatDuration, formatTime } from "../../format/format-time.ts";
import { timeZone } from "../../state/time-zone.ts";
import { useStore } from "../../state/use-store.ts";
import { type AnsweredQuery, type ChartLine, type ChartPanel, panelsOf } from "./chart-lines.ts";

interface Props {
  readonly answers: readonly AnsweredQuery[];
  readonly lines: readonly ChartLine[];
  readonly hidden: ReadonlySet<string>;
  readonly cursorMs: number | undefined;
  readonly onToggle: (key: string) => void;
  readonly onFocus: (key: string | undefined) => void;
}

const COLUMNS = [
  ["min", "Min"],
  ["avg", "Avg"],
  ["p95", "p95"],
  ["max", "Max"],
] as const;

/** The figures of all lines over the raw samples of the window; its names switch lines off. */
export function FiguresTable({ answers, lines, hidden, cursorMs, onToggle, onFocus }: Props) {
  const zone = useStore(timeZone);
  const sides = sidesOf(panelsOf(lines));
  return (
    <div class="scroll">
      <table class="figures">
        <thead>
          <tr>
            <th scope="col">Element</th>
            <th scope="col" class="at">
              {cursorMs === undefined ? (
                <span class="hidden">At the cursor</span>
              ) : (
                formatTime(cursorMs, zone)
              )}
            </th>
            {COLUMNS.map(([field, label]) => (
              <th key={field} scope="col">
                {label}
              </th>
            ))}
          </tr>
        </thead>
        {answers.map((answered, index) => (
          <QueryFigures
            key={index}
            answered={answered}
            lines={lines.filter(({ query }) => query === answered)}
            {...{ sides, hidden, cursorMs, onToggle, onFocus }}
          />
        ))}
      </table>
    </div>
  );
}

type QueryProps = Omit<Props, "answers"> & {
  readonly answered: AnsweredQuery;
  readonly sides: ReadonlyMap<string, string>;
};

function QueryFigures({ answered, sides, lines, hidden, cursorMs, onToggle, onFocus }: QueryProps) {
  const { query, metric, answer } = answered;
  const side = sides.get(metric.unit ?? "");
  const decimals = decimalsFor(Math.max(...lines.map(({ series }) => series.max ?? 0)));
  const row = cursorMs === undefined ? -1 : answer.timesMs.indexOf(cursorMs);
  return (
    <tbody>
      <tr class="group">
        <th scope="rowgroup" colSpan={COLUMNS.length + 2}>
          <b>{metric.title}</b> <span>{query.resource}</span>{" "}
          {side !== undefined && <span>{side} scale</span>}{" "}
          <span>
            {lines.length === 0
              ? "no samples in this time"
              : `each point is the average of ${formatDuration(answer.stepMs)}`}
          </span>
        </th>
      </tr>
      {lines.map(({ key, series, colorIndex, dash }) => (
        <tr
          key={key}
          class={hidden.has(key) ? "off" : ""}
          onMouseEnter={() => onFocus(key)}
          onMouseLeave={() => onFocus(undefined)}
        >
          <th scope="row">
            <button
              type="button"
              class="key"
              aria-pressed={!hidden.has(key)}
              title="Show or hide this line"
              onClick={() => onToggle(key)}
              onFocus={() => onFocus(key)}
              onBlur={() => onFocus(undefined)}
            >
              <i class={`color${colorIndex} ${dash === undefined ? "" : `dash${dash[0]}`}`} />
              <span class="name">{series.element || "(no name)"}</span>
            </button>
          </th>
          <td class="at">{row < 0 ? "" : formatFigure(series.values[row], decimals)}</td>
          {COLUMNS.map(([field]) => (
            <td key={field}>{formatFigure(series[field], decimals)}</td>
          ))}
        </tr>
      ))}
    </tbody>
  );
}

/** Which scale belongs to a unit, where a drawing has two. */
function sidesOf(panels: readonly ChartPanel[]): ReadonlyMap<string, string> {
  const both = panels.filter(({ units }) => units.length > 1);
  return new Map(
    both.flatMap(({ units }) =>
      units.map((unit, index) => [unit, index === 0 ? "left" : "right"] as const),
    ),
  );
}
