import { makeClips, readBarcode } from "@millrace/video-index/testing";
import { openVideo } from "./src/open-video.ts";
import { nodeAv } from "@millrace/media/node-av";
const clips = await makeClips("/tmp/millrace-clips");
const driver = nodeAv({ workers: 2 });
for (const clip of clips.clips) {
  if (process.argv[2] && !clip.name.includes(process.argv[2])) continue;
  try {
    await using v = await openVideo(clips.pathOf(clip.name), { decoder: driver.decoder });
    const seen: unknown[] = []; const ex = new Set<string>();
    for await (const r of v.frames()) { using q = r; seen.push(r.status === "missing" ? "m" : (r.status === "concealed" ? "c" : "") + (readBarcode(r.frame) ?? "?")); ex.add(r.exactness); }
    const want = clip.numbers.map(String);
    const ok = clip.barcode ? JSON.stringify(seen) === JSON.stringify(want) : seen.length === want.length && !seen.includes("m");
    console.log(ok ? "ok  " : "BAD ", clip.state.padEnd(8), clip.name.padEnd(22), v.info.frameCount, v.info.keyFrameCount, v.info.codecString, v.info.fps.toFixed(2), v.info.startTime.toFixed(3), v.info.codedWidth+"x"+v.info.codedHeight, [...ex].join(), v.stats.decodedPackets, ok || !clip.barcode ? "" : seen.join(" "));
  } catch (e) { console.log("ERR ", clip.state, clip.name, (e as Error).message.slice(0, 200)); }
}
await driver.close();
