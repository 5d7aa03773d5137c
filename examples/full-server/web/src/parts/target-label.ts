import type { Target } from "../api/types.ts";

/** What a target is called, and what comes of it. */
export const TARGETS: Readonly<Record<Target, { readonly label: string; readonly hint: string }>> =
  {
    grafana: { label: "Database", hint: "samples go to the database, for the charts and Grafana" },
    csv: { label: "CSV", hint: "one file for each array, a line for each sample" },
    perfmonkey: { label: "Perfmonkey", hint: "wide CSV files, one for each kind of resource" },
    parquet: { label: "Parquet", hint: "columnar files for pandas, DuckDB and Spark" },
  };
