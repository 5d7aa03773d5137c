interface LoadedArray {
  readonly serial: string;
  readonly timeRangeMs: readonly [number, number];
}

interface Answer {
  readonly data: {
    readonly result: readonly {
      readonly metric: Readonly<Record<string, string>>;
      readonly value: readonly [number, string];
    }[];
  };
}

/** Runs a query over the loaded range and returns it with its answer, ready to print. */
export async function busiestLuns(url: string, array: LoadedArray): Promise<string> {
  const [fromMs, toMs] = array.timeRangeMs;
  const query = `topk(3, avg_over_time(huawei_total_iops_io_s{Resource="LUN",SN="${array.serial}"}[${toMs - fromMs + 1}ms]))`;
  const parameters = new URLSearchParams({ query, time: String(toMs / 1000) });
  const answer = await fetch(`${url}/api/v1/query?${parameters}`);
  const { data } = (await answer.json()) as Answer;
  const rows = data.result
    .map(({ metric, value }) => ({ name: metric["Element"] ?? "", iops: Number(value[1]) }))
    .sort((a, b) => b.iops - a.iops)
    .map(({ name, iops }) => `   ${name.padEnd(20)} ${iops.toFixed(0).padStart(8)} IO/s`);
  return [`   ${query}`, ...rows].join("\n");
}
