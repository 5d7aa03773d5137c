/** Which clock times are told in. */
export type Zone = "utc" | "local";

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const STEPS: readonly (readonly [sizeMs: number, unit: string])[] = [
  [86_400_000, "d"],
  [3_600_000, "h"],
  [60_000, "min"],
  [1_000, "s"],
];

/** The parts of a moment, as text. */
export interface TimeParts {
  /** 2025-10-20 */
  readonly day: string;
  /** 20 Oct */
  readonly shortDay: string;
  /** 09:05 */
  readonly time: string;
  readonly seconds: string;
}

/** Takes a moment apart in a zone. */
export function timeParts(ms: number, zone: Zone): TimeParts {
  const date = new Date(ms);
  const utc = zone === "utc";
  const year = utc ? date.getUTCFullYear() : date.getFullYear();
  const month = utc ? date.getUTCMonth() : date.getMonth();
  const day = utc ? date.getUTCDate() : date.getDate();
  const hours = utc ? date.getUTCHours() : date.getHours();
  const minutes = utc ? date.getUTCMinutes() : date.getMinutes();
  return {
    day: `${year}-${pad(month + 1)}-${pad(day)}`,
    shortDay: `${day} ${MONTHS[month]}`,
    time: `${pad(hours)}:${pad(minutes)}`,
    seconds: pad(utc ? date.getUTCSeconds() : date.getSeconds()),
  };
}

/** 2025-10-20 09:05, with seconds where they are not 0. */
export function formatTime(ms: number, zone: Zone): string {
  const { day, time, seconds } = timeParts(ms, zone);
  return seconds === "00" ? `${day} ${time}` : `${day} ${time}:${seconds}`;
}

/** 2025-10-20 09:05 */
export function formatMinute(ms: number, zone: Zone): string {
  const { day, time } = timeParts(ms, zone);
  return `${day} ${time}`;
}

/** 09:05:07 */
export function formatClock(ms: number, zone: Zone): string {
  const { time, seconds } = timeParts(ms, zone);
  return `${time}:${seconds}`;
}

/** Reads what `formatTime` writes; undefined when it is no such time. */
export function parseTime(text: string, zone: Zone): number | undefined {
  const found = /^\s*(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d(?::\d\d)?)\s*$/.exec(text);
  if (found === null) return undefined;
  const ms = Date.parse(`${found[1]}T${found[2]}${zone === "utc" ? "Z" : ""}`);
  return Number.isNaN(ms) ? undefined : ms;
}

/** The two largest units: 1 d 2 h, 5 min, 30 s. */
export function formatDuration(ms: number): string {
  const parts: string[] = [];
  let rest = Math.round(ms / 1000) * 1000;
  for (const [sizeMs, unit] of STEPS) {
    const count = Math.floor(rest / sizeMs);
    rest -= count * sizeMs;
    if (count > 0) parts.push(`${count} ${unit}`);
    if (parts.length === 2) break;
  }
  return parts.join(" ") || "0 s";
}

function pad(number: number): string {
  return String(number).padStart(2, "0");
}
