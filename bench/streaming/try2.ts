import { nextMessage, startChild } from "../child.ts";

for (let i = 0; i < 6; i++) {
  using server = startChild("./streaming/stream-server.ts", [
    JSON.stringify({ loop: "/tmp/b6/loop.bin" }),
  ]);
  const port = await nextMessage<number>(server.process);
  using crowd = startChild("./streaming/webrtc-crowd.ts", [
    `http://127.0.0.1:${port}/node-datachannel/whep`,
    "12",
  ]);
  const t = performance.now();
  try {
    await nextMessage(crowd.process);
    console.log("ok", performance.now() - t);
  } catch (e) {
    console.log(String(e));
  }
}
