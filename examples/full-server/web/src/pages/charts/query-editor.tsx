import { Notice } from "../../parts/notice.tsx";
import { Picker } from "../../parts/picker.tsx";
import { useAction } from "../../parts/use-action.ts";
import { useLoaded } from "../../parts/use-loaded.ts";
import { type Catalog, queryOf } from "./catalog.ts";
import type { ChartQuery } from "./chart-address.ts";

interface Props {
  readonly catalog: Catalog;
  readonly query: ChartQuery;
  /** Counted from 1, for its labels. */
  readonly number: number;
  readonly onChange: (query: ChartQuery) => void;
  /** Undefined where it is the only one. */
  readonly onRemove: (() => void) | undefined;
}

/** Chooses the lines of one query among what the database has. */
export function QueryEditor({ catalog, query, number, onChange, onRemove }: Props) {
  const { resource, metric, elements } = query;
  const resources = useLoaded(() => catalog.resources(), [catalog]);
  const known = useLoaded(() => catalog.elements(resource), [catalog, resource]);
  const metrics = useLoaded(
    () => catalog.metrics(resource, elements),
    [catalog, resource, elements.join("\n")],
  );
  const { run, problem } = useAction();
  const change = (wanted: string) =>
    run(async () => {
      const next = await queryOf(catalog, wanted, metric);
      if (next !== undefined) onChange(next);
    });
  const title = metrics.value?.find(({ name }) => name === metric)?.title;
  const problems = [resources.problem, known.problem, metrics.problem, problem];
  const found = problems.find((one) => one !== undefined);
  const names = resources.value ?? [resource];
  return (
    <fieldset class="query">
      <legend class="hidden">Query {number}</legend>
      <select
        class="field"
        aria-label={`Resource of query ${number}`}
        value={resource}
        onChange={({ currentTarget }) => change(currentTarget.value)}
      >
        {(names.includes(resource) ? names : [resource, ...names]).map((name) => (
          <option key={name} value={name}>
            {name}
          </option>
        ))}
      </select>
      <Picker
        label={`Metric of query ${number}`}
        summary={title ?? metric}
        options={(metrics.value ?? []).map((one) => ({ value: one.name, label: one.title }))}
        chosen={[metric]}
        onChange={([name]) => name !== undefined && onChange({ ...query, metric: name })}
      />
      <Picker
        label={`Elements of query ${number}`}
        summary={summaryOf(elements, known.value?.length)}
        options={(known.value ?? []).map((name) => ({ value: name, label: name }))}
        chosen={elements}
        multiple
        none={summaryOf([], known.value?.length)}
        onChange={(chosen) => onChange({ ...query, elements: chosen })}
      />
      {onRemove !== undefined && (
        <button
          type="button"
          class="button small"
          aria-label={`Remove query ${number}`}
          onClick={onRemove}
        >
          Remove
        </button>
      )}
      {metrics.value !== undefined && title === undefined && !metrics.loading && (
        <Notice>
          The database has no samples of {metric} for {resource}. Choose another metric.
        </Notice>
      )}
      {found !== undefined && <Notice kind="error">{found}</Notice>}
    </fieldset>
  );
}

/** The server draws so many elements where none is named. */
const BUSIEST = 12;

function summaryOf(elements: readonly string[], known: number | undefined): string {
  if (elements.length === 0) {
    if (known === undefined) return "The busiest elements";
    return known > BUSIEST ? `The ${BUSIEST} busiest of ${known}` : `All ${known} elements`;
  }
  return elements.length <= 2 ? elements.join(", ") : `${elements.length} elements`;
}
