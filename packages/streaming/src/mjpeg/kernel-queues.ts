import { readFile } from "node:fs/promises";
import type { Socket } from "node:net";
import { endianness } from "node:os";
import type { RoadMeter } from "./road-meter.ts";

/** Asks the system how much of what was written to a connection the other side has not confirmed. */
export interface KernelQueues {
  /** Tells a road what the system holds, as often as it matters. The returned call ends it. */
  watch(socket: Socket, road: RoadMeter): () => void;
}

const TABLES = { IPv4: "/proc/net/tcp", IPv6: "/proc/net/tcp6" } as const;
/** While nobody is slow, and while somebody is. */
const CALM_MS = 1_000;
const BUSY_MS = 100;
/** More than this in a queue is worth a closer look. */
const NOTABLE_BYTES = 65_536;
/** A table as long as this has thousands of connections in it, and is too dear to be read. */
const MOST_TEXT = 1 << 20;

/**
 * Reads the tables of connections that Linux has; elsewhere nothing is told, and roads are reckoned.
 *
 * @param read - gives a table; for tests
 */
export function createKernelQueues(
  read: (path: string) => Promise<string> = (path) => readFile(path, "latin1"),
): KernelQueues {
  const roads = new Map<string, { readonly table: string; readonly road: RoadMeter }>();
  let isUseless = process.platform !== "linux" || endianness() !== "LE";
  let timer: NodeJS.Timeout | undefined;

  const look = async (): Promise<void> => {
    let isBusy = false;
    for (const table of new Set([...roads.values()].map((one) => one.table))) {
      const text = await read(table);
      if (text.length > MOST_TEXT) throw new RangeError("too many connections");
      for (const line of text.split("\n")) {
        const [, local, remote, , queues = ""] = line.trim().split(/\s+/, 5);
        const watched = roads.get(`${local} ${remote}`);
        if (!watched) continue;
        const sizeBytes = Number.parseInt(queues, 16);
        watched.road.holds(sizeBytes);
        isBusy ||= sizeBytes > NOTABLE_BYTES || watched.road.bytesPerSecond !== undefined;
      }
    }
    wait(isBusy ? BUSY_MS : CALM_MS);
  };
  const wait = (ms: number): void => {
    timer = undefined;
    if (roads.size === 0 || isUseless) return;
    timer = setTimeout(() => {
      look().catch(() => {
        isUseless = true;
      });
    }, ms);
    timer.unref();
  };
  return {
    watch(socket, road) {
      const { localAddress, localPort, remoteAddress, remotePort, remoteFamily } = socket;
      const isKnown = localAddress !== undefined && remoteAddress !== undefined;
      if (isUseless || !isKnown || !(remoteFamily === "IPv4" || remoteFamily === "IPv6")) {
        return () => {};
      }
      const key = `${inTable(localAddress, localPort)} ${inTable(remoteAddress, remotePort)}`;
      roads.set(key, { table: TABLES[remoteFamily], road });
      if (roads.size === 1 && !timer) wait(CALM_MS);
      return () => {
        roads.delete(key);
      };
    },
  };
}

/** The connections of this process. */
export const kernelQueues: KernelQueues = createKernelQueues();

/** An address as the tables have it: words of four bytes, each backwards, in hexadecimal digits. */
function inTable(address: string, port: number | undefined): string {
  const bytes = address.includes(":") ? bytesOf6(address) : bytesOf4(address);
  let text = "";
  for (let word = 0; word < bytes.length; word += 4) {
    for (const byte of bytes.slice(word, word + 4).reverse()) text += hex(byte, 2);
  }
  return `${text}:${hex(port ?? 0, 4)}`;
}

function bytesOf4(address: string): number[] {
  return address.split(".").map(Number);
}

function bytesOf6(address: string): number[] {
  const [plain = ""] = address.split("%");
  const dotted = /^(.*:)(\d+\.\d+\.\d+\.\d+)$/.exec(plain);
  const tail = dotted ? bytesOf4(dotted[2] ?? "") : [];
  const [front = "", back] = (dotted?.[1] ?? plain).split("::");
  const groups = (text: string): number[] =>
    text
      .split(":")
      .filter((group) => group !== "")
      .flatMap((group) => [Number.parseInt(group, 16) >>> 8, Number.parseInt(group, 16) & 0xff]);
  const first = groups(front);
  const last = [...groups(back ?? ""), ...tail];
  return [...first, ...new Array<number>(16 - first.length - last.length).fill(0), ...last];
}

function hex(value: number, digits: number): string {
  return value.toString(16).toUpperCase().padStart(digits, "0");
}
