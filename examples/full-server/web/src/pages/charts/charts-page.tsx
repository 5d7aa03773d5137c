import { useEffect, useMemo } from "preact/hooks";
import { Empty } from "../../parts/empty.tsx";
import { Link } from "../../parts/link.tsx";
import { liveLists } from "../../state/live-lists.ts";
import { navigate, place } from "../../state/routing.ts";
import { useStore } from "../../state/use-store.ts";
import { ArrayCharts } from "./array-charts.tsx";
import { chartAddress, parseChartState } from "./chart-address.ts";

/** Charts of one array. All that is shown is in the address, so a link shows it again. */
export function ChartsPage() {
  const { arrays } = useStore(liveLists);
  const { search } = useStore(place);
  const state = useMemo(() => parseChartState(search), [search]);
  const newest = arrays?.[0]?.serial;

  useEffect(() => {
    if (state.array === undefined && newest !== undefined) {
      navigate(chartAddress({ ...state, array: newest }), { replace: true });
    }
  }, [state, newest]);

  if (arrays === undefined) {
    return (
      <>
        <h1>Charts</h1>
        <p class="muted section">Reading the list of arrays…</p>
      </>
    );
  }
  const array = arrays.find(({ serial }) => serial === state.array);
  return (
    <>
      <div class="title together">
        <h1>Charts</h1>
        {arrays.length > 0 && (
          <select
            class="field"
            aria-label="Array"
            value={state.array ?? ""}
            onChange={({ currentTarget }) =>
              navigate(
                chartAddress({
                  array: currentTarget.value,
                  // The same questions, at the time of the other array.
                  queries: state.queries.map((query) => ({ ...query, elements: [] })),
                  windowMs: undefined,
                }),
              )
            }
          >
            {array === undefined && <option value={state.array ?? ""}>{state.array}</option>}
            {arrays.map(({ serial, model }) => (
              <option key={serial} value={serial}>
                {model === "" ? serial : `${serial} (${model})`}
              </option>
            ))}
          </select>
        )}
      </div>
      {arrays.length === 0 ? (
        <Empty title="Nothing to draw yet">
          <Link href="/upload">Upload</Link> an archive into the database first.
        </Empty>
      ) : array !== undefined ? (
        <ArrayCharts key={array.serial} array={array} state={state} />
      ) : (
        state.array !== undefined && (
          <Empty title="This server has no such array">
            Choose one of the list above, or <Link href="/upload">upload</Link> an archive of{" "}
            {state.array}.
          </Empty>
        )
      )}
    </>
  );
}
