/** What a VictoriaMetrics says of itself on `/metrics`. */
export interface ServerState {
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
  /** Rows that it dropped after a 2xx, by reason. */
  readonly lostRows: ReadonlyMap<string, number>;
  /** Its command-line flags. */
  readonly flags: ReadonlyMap<string, string>;
}

const LOST_ROWS = /^vm_rows_(?:ignored|invalid)_total\{(?:reason|type)="([^"]*)"\} (\S+)/;
const FLAG = /^flag\{name="([^"]*)", ?value="([^"]*)"/;
const NUMBER =
  /^(vm_app_start_timestamp|vm_app_uptime_seconds|process_cpu_|vm_available_cpu_cores) ?/;
const VERSION = /^vm_app_version\{.*short_version="([^"]*)"/;

/** Reads the few lines of a `/metrics` page that matter to a writer. */
export function parseServerState(page: string): ServerState {
  const lostRows = new Map<string, number>();
  const flags = new Map<string, string>();
  const numbers = new Map<string, number>();
  let version: string | undefined;
  for (const line of page.split("\n")) {
    if (line.startsWith("flag{")) {
      const [, name = "", value = ""] = FLAG.exec(line) ?? [];
      flags.set(name, value);
    } else if (line.startsWith("vm_rows_i")) {
      const [, reason, count] = LOST_ROWS.exec(line) ?? [];
      if (reason !== undefined) lostRows.set(reason, Number(count));
    } else if (line.startsWith("vm_app_version")) {
      version = VERSION.exec(line)?.[1] || undefined;
    } else if (NUMBER.test(line)) {
      const [name = "", value] = line.split(" ");
      numbers.set(name, Number(value));
    }
  }
  return {
    version,
    startedSeconds: numbers.get("vm_app_start_timestamp"),
    uptimeSeconds: numbers.get("vm_app_uptime_seconds"),
    cpuSeconds: numbers.get("process_cpu_seconds_total"),
    cores: numbers.get("vm_available_cpu_cores") ?? numbers.get("process_cpu_cores_available"),
    lostRows,
    flags,
  };
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
