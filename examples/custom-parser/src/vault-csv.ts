import { definePlugin, MillraceError, type SeriesTable } from "@millrace/core";
import type { ArchiveParser } from "@millrace/ingest";

const NAME = /(?:^|\/)vault_([A-Z\d]+)_(\d{8})\.csv$/;
const NUMBER = /^-?\d+(\.\d+)?$/;

/** Reads `vault_<serial>_<day>.csv`: a line `seconds,volume,iops,latency_ms` for each volume and time. */
export const vaultCsv = definePlugin({
  kind: "parser",
  name: "vault-csv",
  emits: "series-batch",
  create(): ArchiveParser {
    const tables = new Map<string, SeriesTable>();
    const tableOf = (SN: string, volume: string): SeriesTable => {
      const id = JSON.stringify([SN, volume]);
      const labels = ["vault_iops", "vault_latency_seconds"].map((__name__) => ({
        __name__,
        volume,
        SN,
      }));
      const table = tables.get(id) ?? { id, labels, divisors: Float64Array.of(1, 1000) };
      tables.set(id, table);
      return table;
    };
    return {
      apiVersion: 1,
      name: "vault-csv",
      identify(path) {
        const [, stream, order] = NAME.exec(path) ?? [];
        return stream && order ? { stream, order } : undefined;
      },
      parse({ path, bytes }) {
        const [, serial = ""] = NAME.exec(path) ?? [];
        const lines = new TextDecoder().decode(bytes).split("\n");
        const problems = lines.pop() === "" ? [] : [`${path} ends within a line.`];
        const blocks = lines.flatMap((line, i) => {
          const [seconds = "", volume = "", ...values] = line.split(",");
          if (
            values.length !== 2 ||
            volume === "" ||
            ![seconds, ...values].every((it) => NUMBER.test(it))
          ) {
            problems.push(`${path}: line ${i + 1} is damaged.`);
            return [];
          }
          const bytes = new Uint8Array(Float64Array.from(values, Number).buffer);
          const cells = { type: "float64" as const, bytes };
          const times = { startMs: Number(seconds) * 1000, stepMs: 60_000 };
          return [{ table: tableOf(serial, volume), columnCount: 2, rowCount: 1, cells, ...times }];
        });
        if (blocks.length === 0)
          throw new MillraceError("CORRUPT_INPUT", `${path}: no sound line.`);
        return { blocks, filtered: 0, problems };
      },
    };
  },
});
export default vaultCsv;
