/** Which program of the family speaks. */
export type ServerKind =
  /** A single server, which stores what it takes. */
  | "single"
  /** `vminsert` or `vmselect`: others store. */
  | "cluster"
  /** It passes on what it takes, some time. */
  | "vmagent"
  /** It passes on each request, and speaks for itself only on this page. */
  | "vmauth";

/** What a VictoriaMetrics says of itself on `/metrics`. */
export interface ServerState {
  readonly kind: ServerKind;
  /** `v1.145.0`, or undefined for a build that does not tell (Debian's). */
  readonly version: string | undefined;
  /** Unix seconds; another value later means that it was restarted. */
  readonly startedSeconds: number | undefined;
  /** How long it had run when it made this page; it makes a new one once a second. */
  readonly uptimeSeconds: number | undefined;
  /** CPU time it has used so far. */
  readonly cpuSeconds: number | undefined;
  /** Cores it may use. */
  readonly cores: number | undefined;
  /** Rows that it has taken from requests so far, of all its clients, those dropped afterwards included. */
  readonly insertedRows: number | undefined;
  /** Rows that its storage was given, those that it dropped included. */
  readonly storedRows: number | undefined;
  /** Requests whose rows it is taking at this moment. */
  readonly runningInserts: number | undefined;
  /** Rows that it dropped after a 2xx, by reason. */
  readonly lostRows: ReadonlyMap<string, number>;
  /** Its command-line flags. */
  readonly flags: ReadonlyMap<string, string>;
}

/**
 * Rows of a wrong form or time, those beyond `-storage.max…Series`, and what `-relabelConfig` drops. Newer
 * servers (1.145) count those of the limits under a second name, too.
 */
const LOST_ROWS =
  /^vm_(?:rows_(?:ignored|invalid)_total\{(?:reason|type)="((?!(?:hourly|daily)_limit_exceeded")[^"]*)"\}|(hourly_series_limit|daily_series_limit)_rows_dropped_total|(relabel)_metrics_dropped_total) (\S+)/;
const INSERTED_ROWS = /^vm_rows_inserted_total(?:\{[^}]*\})? (\S+)/;
const FLAG = /^flag\{name="([^"]*)", ?value="([^"]*)"/;
const NUMBER =
  /^(vm_app_start_timestamp|vm_app_uptime_seconds|process_cpu_|vm_available_cpu_cores|vm_concurrent_insert_current|vm_rows_added_to_storage_total) ?/;
const VERSION = /^vm_app_version\{.*short_version="([^"]*)"/;

/** Reads the few lines of a `/metrics` page that matter to a writer. */
export function parseServerState(page: string): ServerState {
  const lostRows = new Map<string, number>();
  const flags = new Map<string, string>();
  const numbers = new Map<string, number>();
  let version: string | undefined;
  let insertedRows: number | undefined;
  for (const line of page.split("\n")) {
    if (line.startsWith("flag{")) {
      const [, name = "", value = ""] = FLAG.exec(line) ?? [];
      flags.set(name, value);
    } else if (line.startsWith("vm_app_version")) {
      version = VERSION.exec(line)?.[1] || undefined;
    } else if (NUMBER.test(line)) {
      const [name = "", value] = line.split(" ");
      numbers.set(name, Number(value));
    } else {
      const [, wrong, limit, relabel, lost] = LOST_ROWS.exec(line) ?? [];
      const reason = wrong ?? limit ?? relabel;
      if (reason !== undefined) lostRows.set(reason, Number(lost));
      const [, inserted] = INSERTED_ROWS.exec(line) ?? [];
      if (inserted !== undefined) insertedRows = (insertedRows ?? 0) + Number(inserted);
    }
  }
  return {
    kind: kindOf(flags),
    version,
    startedSeconds: numbers.get("vm_app_start_timestamp"),
    uptimeSeconds: numbers.get("vm_app_uptime_seconds"),
    cpuSeconds: numbers.get("process_cpu_seconds_total"),
    cores: numbers.get("vm_available_cpu_cores") ?? numbers.get("process_cpu_cores_available"),
    insertedRows,
    storedRows: numbers.get("vm_rows_added_to_storage_total"),
    runningInserts: numbers.get("vm_concurrent_insert_current"),
    lostRows,
    flags,
  };
}

/** Told by the flags that only one of them has: builds such as Debian's do not say a name. */
function kindOf(flags: ReadonlyMap<string, string>): ServerKind {
  if (flags.has("storageDataPath")) return "single";
  if (flags.has("storageNode")) return "cluster";
  if (flags.has("remoteWrite.tmpDataPath")) return "vmagent";
  return flags.has("auth.config") ? "vmauth" : "single";
}

/** Rows that the server dropped between two states, by reason; reasons without any are left out. */
export function newlyLost(before: ServerState, after: ServerState): ReadonlyMap<string, number> {
  const lost = new Map<string, number>();
  for (const [reason, count] of after.lostRows) {
    const more = count - (before.lostRows.get(reason) ?? 0);
    if (more > 0) lost.set(reason, more);
  }
  return lost;
}

/**
 * Whether another process speaks in the later state than in the earlier one.
 *
 * Its start is told in whole seconds, so a quick restart may not show there; but what a process counts
 * from its start never falls.
 */
export function wasRestarted(earlier: ServerState, later: ServerState): boolean {
  if (later.startedSeconds !== earlier.startedSeconds) return true;
  return (["uptimeSeconds", "cpuSeconds", "insertedRows"] as const).some((counter) => {
    const [was, is] = [earlier[counter], later[counter]];
    return was !== undefined && is !== undefined && is < was;
  });
}
