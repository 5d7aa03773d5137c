import type { GrafanaDashboard, GrafanaPanel, GrafanaVariable } from "@millrace/ingest/grafana";

/** What a person has chosen in Grafana. */
export interface Choice {
  readonly fromMs: number;
  readonly toMs: number;
  /** Values of variables, by name; of the others the first that is offered, or all where that goes. */
  readonly values?: Readonly<Record<string, string | readonly string[]>>;
}

/** One line of a panel. */
export interface Line {
  readonly labels: Readonly<Record<string, string>>;
  /** Seconds and values. */
  readonly values: readonly (readonly [number, string])[];
}

/** A dashboard that is open. */
export interface OpenDashboard {
  /** What each variable offers. */
  readonly offered: ReadonlyMap<string, readonly string[]>;
  /** Runs the queries of a panel, one after the other; rejects where the database cannot read one. */
  lines(panel: GrafanaPanel, scoped?: Readonly<Record<string, string>>): Promise<readonly Line[][]>;
  /** Seconds between the points of a panel. */
  readonly stepSeconds: number;
}

/** Points that a panel of some 500 pixels has room for. */
const POINTS = 500;
const ROUND_SECONDS = [1, 2, 5, 10, 15, 20, 30, 60, 120, 300, 600, 900, 1200, 1800, 3600, 7200];

/** All panels, those in closed rows included. */
export function panelsOf({ panels }: GrafanaDashboard): readonly GrafanaPanel[] {
  return panels.flatMap((it) => (it.type === "row" ? it.panels : [it]));
}

/**
 * Does with a dashboard and a database what Grafana does: asks for the values of the variables in their
 * order, puts them into the queries by the rules of its Prometheus data source, and asks for the range.
 */
export async function openDashboard(
  url: string,
  { templating }: GrafanaDashboard,
  choice: Choice,
): Promise<OpenDashboard> {
  const range = { start: `${choice.fromMs / 1000}`, end: `${choice.toMs / 1000}` };
  const texts = new Map<string, string>();
  const offered = new Map<string, readonly string[]>();
  for (const variable of templating.list) {
    const values = await valuesOf(variable);
    offered.set(variable.name, values);
    texts.set(variable.name, chosenText(variable, values, choice.values?.[variable.name]));
  }
  const least = Number(texts.get("min_interval"));
  const wished = (choice.toMs - choice.fromMs) / 1000 / POINTS;
  const stepSeconds = Math.max(least, ROUND_SECONDS.find((it) => it >= wished) ?? 14_400);

  function substitute(text: string, scoped: Readonly<Record<string, string>> = {}): string {
    return text.replace(/\$\{?(\w+)\}?/g, (found, name: string) => {
      if (name === "__interval") return `${stepSeconds}s`;
      const own = scoped[name];
      return own === undefined ? (texts.get(name) ?? found) : escapedForPattern(own);
    });
  }

  async function valuesOf(variable: GrafanaVariable): Promise<readonly string[]> {
    if (variable.type === "custom") return variable.options.map(({ value }) => String(value));
    const query = substitute(variable.query.query);
    const [, match, label] = /^label_values\((?:(.+),\s*)?(\w+)\)$/.exec(query) ?? [];
    if (label === undefined) throw new Error(`${variable.name}: cannot read ${query}`);
    const asked = { ...range, ...(match === undefined ? {} : { "match[]": match }) };
    const values = await ask<readonly string[]>(url, `/api/v1/label/${label}/values`, asked);
    return variable.sort === 3 ? values.toSorted((a, b) => Number(a) - Number(b)) : values;
  }

  return {
    offered,
    stepSeconds,
    async lines({ targets }, scoped) {
      const found: Line[][] = [];
      for (const { expr } of targets) {
        const query = substitute(expr, scoped);
        const asked = { ...range, query, step: `${stepSeconds}` };
        const { result } = await ask<{
          readonly result: readonly { readonly metric: Line["labels"]; values: Line["values"] }[];
        }>(url, "/api/v1/query_range", asked);
        found.push(result.map(({ metric, values }) => ({ labels: metric, values })));
      }
      return found;
    },
  };
}

function chosenText(
  variable: GrafanaVariable,
  values: readonly string[],
  chosen: string | readonly string[] | undefined,
): string {
  const { includeAll, multi } = variable;
  if (chosen === undefined && includeAll && variable.type === "query") {
    return variable.allValue ?? escapedForPattern(values);
  }
  const value = chosen ?? values[0] ?? "";
  return multi || includeAll ? escapedForPattern(value) : String(value).replace(/["\\]/g, "\\$&");
}

/** The data source's way of putting several values into `=~"…"`. */
function escapedForPattern(value: string | readonly string[]): string {
  const escaped = [value]
    .flat()
    .map((it) => it.replace(/\\/g, "\\\\\\\\").replace(/[$^*{}[\]+?.()|]/g, "\\\\$&"));
  return escaped.length === 1 ? (escaped[0] as string) : `(${escaped.join("|")})`;
}

async function ask<T>(
  url: string,
  path: string,
  parameters: Readonly<Record<string, string>>,
): Promise<T> {
  const body = new URLSearchParams(parameters);
  const answer = await fetch(`${url}${path}`, { method: "POST", body });
  const text = await answer.text();
  if (answer.status !== 200) throw new Error(`${path} ${body}: ${answer.status} ${text}`);
  return JSON.parse(text).data;
}
