import fc from "fast-check";
import { expect, it } from "vitest";
import { createRedirectWatch } from "./rtsp-redirect.ts";

/** Whether any of these pieces is said to lead elsewhere. */
function leads(text: string, cuts: readonly number[] = []): boolean {
  const watch = createRedirectWatch();
  const bytes = Buffer.from(text, "latin1");
  const at = [0, ...[...cuts].sort((one, other) => one - other), bytes.length];
  return at.slice(1).some((end, index) => watch(bytes.subarray(at[index], end)));
}

it.each([
  "RTSP/1.0 302 Found\r\nLocation: rtsp://10.0.0.1/\r\n\r\n",
  "RTSP/1.0 200 OK\r\nContent-Length: 0\n\nRTSP/1.0 301 Moved\r\n",
  "$\0\0\x04abcdRTSP/1.0 302 Found\r\n",
  "$\0\xff\xffRTSP/1.0 302 Found\r\n",
  "RTSP/1.0 \t +0302 Found\r\n",
  `RTSP/1.0${" ".repeat(4_000)}305 Use Proxy\r\n`,
  "RTSP/2.0x 300\r\n",
  // Each of these was followed by ffmpeg.
  "RTSP/1.0 3\r02 Found\r\n",
  "R\rTSP/1.0 302 Found\r\n",
  "RTSP/1.0\xa0x 302 Found\r\n",
  "RTSP/1.0 \v302 Found\r\n",
  "RTSP/1.0 4294967598 Found\r\n",
  "RTSP/1.0 -4294966994 Found\r\n",
  `RTSP/1.0${"\r".repeat(9_000)} 302 Found\r\n`,
  `RTSP/1.0 ${"0".repeat(1_020)}30299 Found\r\n`,
])("leads elsewhere, however it is cut into pieces: %j", (text) => {
  expect(leads(text)).toBe(true);
  const cut = fc.array(fc.nat(text.length));
  fc.assert(fc.property(cut, (cuts) => leads(text, cuts)));
});

it.each([
  "RTSP/1.0 200 OK\r\nCSeq: 302\r\n\r\n",
  "RTSP/1.0 401 Unauthorized\r\nWWW-Authenticate: Basic\r\n\r\n",
  "RTSP/1.0 200 OK\r\n\r\nOPTIONS * RTSP/1.0\r\nCSeq: 300\r\n\r\n",
  "$\0\0\x04RTSP/ and much else 302",
])("leads nowhere: %j", (text) => {
  const cut = fc.array(fc.nat(text.length));
  fc.assert(fc.property(cut, (cuts) => !leads(text, cuts)));
});
