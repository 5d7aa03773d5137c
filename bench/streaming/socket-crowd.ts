// Many viewers over WebSockets in a process of their own: acknowledge each frame when it comes, keep nothing.
import { readFrameMessage } from "@millrace/streaming/websocket";
import { WebSocket } from "ws";
import { tellCrowdUse } from "./tell-crowd-use.ts";

const [url = "", count = "1", codec = "jpeg"] = process.argv.slice(2);
const frames: number[] = [];
let received = 0;

for (let viewer = 0; viewer < Number(count); viewer++) {
  frames[viewer] = 0;
  const socket = new WebSocket(url.replace(/^http/, "ws"));
  socket.on("open", () => socket.send(JSON.stringify({ type: "watch", codec })));
  socket.on("error", (error) => {
    throw new Error(`${url}: ${error.message}`);
  });
  socket.on("message", (data: Buffer, isBinary) => {
    received += data.length;
    if (!isBinary) return;
    const sequence = readFrameMessage(data)?.header.sequence;
    frames[viewer] = (frames[viewer] ?? 0) + 1;
    socket.send(JSON.stringify({ type: "ack", sequence, agoMs: 0 }));
  });
}
tellCrowdUse(() => ({ frames, bytes: received }));
