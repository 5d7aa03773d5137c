import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

/** A road of TCP to a server on loopback. */
export interface NarrowRoad extends AsyncDisposable {
  /** The server's address, as it is seen from this end of the road. */
  readonly url: string;
}

/** Pieces in which it carries. */
const PIECE_BYTES = 4_096;

/**
 * Opens a road that carries so many bytes a second to each viewer, and all that viewers say. What it does not carry
 * stays with the server, but for what the system keeps on both sides.
 *
 * @param untilBytes - after so many bytes it carries nothing any more, and nobody hangs up
 */
export async function openNarrowRoad(
  base: string,
  bytesPerSecond: number,
  untilBytes: number = Number.POSITIVE_INFINITY,
): Promise<NarrowRoad> {
  const { port } = new URL(base);
  const open = new Set<Socket>();
  const road = createServer((viewer) => {
    const server = connect(Number(port), "127.0.0.1");
    for (const [one, other] of [
      [viewer, server],
      [server, viewer],
    ] as const) {
      open.add(one);
      one.on("error", () => {});
      one.on("close", () => {
        open.delete(one);
        other.destroy();
      });
    }
    viewer.pipe(server);
    void carry(server, viewer, bytesPerSecond, untilBytes);
  });
  road.listen(0, "127.0.0.1");
  await once(road, "listening");
  return {
    url: base.replace(port, String((road.address() as AddressInfo).port)),
    async [Symbol.asyncDispose]() {
      for (const socket of open) socket.destroy();
      await new Promise((done) => road.close(done));
    },
  };
}

async function carry(
  from: Socket,
  to: Socket,
  bytesPerSecond: number,
  untilBytes: number,
): Promise<void> {
  const startedMs = performance.now();
  for (let carried = 0; carried < untilBytes && !from.destroyed; ) {
    const dueMs = startedMs + (carried / bytesPerSecond) * 1_000;
    const piece: Buffer | null =
      performance.now() < dueMs ? null : from.read(Math.min(PIECE_BYTES, from.readableLength || 1));
    if (piece) {
      carried += piece.length;
      to.write(piece);
    } else await sleep(5);
  }
}
