/** Queries that one chart compares at most. */
export const MAX_QUERIES = 4;

/** Some lines of a chart: one metric of some elements of one kind of resource. */
export interface ChartQuery {
  readonly resource: string;
  readonly metric: string;
  /** None of them means the busiest ones. */
  readonly elements: readonly string[];
}

/** What the address of a chart says. */
export interface ChartState {
  readonly array: string | undefined;
  readonly queries: readonly ChartQuery[];
  /** Undefined shows the whole range of the array. */
  readonly windowMs: readonly [fromMs: number, toMs: number] | undefined;
}

/** Reads the part of an address behind the path. */
export function parseChartState(search: string): ChartState {
  const params = new URLSearchParams(search);
  const [fromMs, toMs] = ["from", "to"].map((name) => Number(params.get(name) || Number.NaN));
  const whole = !(
    Number.isFinite(fromMs) &&
    Number.isFinite(toMs) &&
    Number(fromMs) < Number(toMs)
  );
  return {
    array: params.get("array") ?? undefined,
    queries: params.getAll("q").flatMap(parseQuery).slice(0, MAX_QUERIES),
    windowMs: whole ? undefined : [Number(fromMs), Number(toMs)],
  };
}

/** The address that shows the same chart again. */
export function chartAddress({ array, queries, windowMs }: ChartState): string {
  const parts = [
    ...(array === undefined ? [] : [`array=${encodeURIComponent(array)}`]),
    ...queries.map((query) => `q=${encodeURIComponent(formatQuery(query))}`),
    ...(windowMs === undefined ? [] : [`from=${windowMs[0]}`, `to=${windowMs[1]}`]),
  ];
  return parts.length === 0 ? "/charts" : `/charts?${parts.join("&")}`;
}

// Neither ~ nor ! is escaped in an address, so it stays readable: LUN~huawei_usage_percent~0A~0B
function formatQuery({ resource, metric, elements }: ChartQuery): string {
  return [resource, metric, ...elements]
    .map((text) => text.replaceAll("!", "!!").replaceAll("~", "!~"))
    .join("~");
}

function parseQuery(text: string): readonly ChartQuery[] {
  const parts = [""];
  for (let at = 0; at < text.length; at++) {
    const letter = text[at] as string;
    if (letter === "~") parts.push("");
    else parts[parts.length - 1] += letter === "!" ? (text[++at] ?? "") : letter;
  }
  const [resource = "", metric = "", ...elements] = parts;
  return resource === "" || metric === "" ? [] : [{ resource, metric, elements }];
}
