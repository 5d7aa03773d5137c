import { nodeAv } from "@millrace/media/node-av";
import { afterAll } from "vitest";
import { joinWhep } from "../../test/whep-client.ts";
import { nodeDataChannel } from "../node-datachannel/node-datachannel.ts";
import { readPatternMarks } from "../pattern/pattern-marks.ts";
import { describeTransport, type TestViewer } from "../testing/describe-transport.ts";
import { werift } from "../werift/werift.ts";
import { createFrameAssembler } from "./rtp/frame-assembler.ts";
import { webrtc } from "./webrtc.ts";

const media = nodeAv({ workers: 2 });
afterAll(() => media.close());

for (const [name, peers] of [
  ["werift", werift],
  ["node-datachannel", nodeDataChannel],
] as const) {
  describeTransport(`webrtc by ${name}`, {
    transport: () => webrtc({ peers: peers(), hostAddresses: ["127.0.0.1"] }),
    hub: { video: media.videoEncoder },
    join: async (_, url) => await watch(`${url}/whep`),
    paths: ["", "/", "/whep", "/offer", "/nothing", "/%ff/../.."],
    timeoutMs: 60_000,
  });
}

/** A viewer that decodes what it is sent. */
async function watch(url: string): Promise<TestViewer> {
  const client = await joinWhep(url, { codecs: ["H264"] });
  const numbers: number[] = [];
  const ended = new Promise<void>((done) => {
    client.channel.stateChanged.subscribe((state) => {
      if (state === "closed") done();
    });
  });
  const assembler = createFrameAssembler("h264");
  const decoder = await media.decoder.open(
    { family: "h264", codec: "avc1.42e01f", codedWidth: 0, codedHeight: 0, reorderDepth: 0 },
    { timeBase: { num: 1, den: 90_000 } },
  );
  let turn = Promise.resolve();
  const [transceiver] = client.connection.getTransceivers();
  transceiver?.receiver.track.onReceiveRtp.subscribe(({ header, payload }) => {
    const { timestamp, marker, sequenceNumber } = header;
    const packet = { timestamp, marker, sequenceNumber, data: payload };
    for (const { data, isKey, timestamp: pts } of assembler.push(packet, performance.now())) {
      const type = isKey ? ("key" as const) : ("delta" as const);
      const chunk = { type, timestamp: pts, duration: null, pts, dts: pts, data };
      turn = turn.then(
        async () => {
          for (const { frame } of (await decoder.decode([chunk])).frames) {
            const { codedWidth, codedHeight } = frame;
            const marks = readPatternMarks(
              codedWidth,
              codedHeight,
              (x, y) => frame.data[y * codedWidth + x] ?? 0,
            );
            if (marks) numbers.push(marks.number);
            frame.close();
          }
        },
        () => {},
      );
    }
  });
  return {
    numbers,
    ended,
    async leave() {
      await client.leave();
      await turn;
      await decoder.close();
    },
  };
}
