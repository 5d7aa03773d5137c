// Takes packets over UDP and does nothing with them, as a receiver would.
import { createSocket } from "node:dgram";

const ports: number[] = [];
const count = Number(process.argv[2] ?? 1);
for (let at = 0; at < count; at++) {
  const socket = createSocket({ type: "udp4", recvBufferSize: 1 << 20 });
  socket.on("message", () => {});
  socket.bind(0, "127.0.0.1", () => {
    ports.push(socket.address().port);
    if (ports.length === count) process.send?.(ports);
  });
}
process.on("disconnect", () => process.exit());
