import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { nodeAv } from "@millrace/media/node-av";
import type { Browser } from "playwright-core";
import { createFrameHub } from "../../src/hub/frame-hub.ts";
import { testPattern } from "../../src/pattern/test-pattern.ts";
import type { RoadState } from "../../src/webrtc/viewer-road.ts";
import { webrtc } from "../../src/webrtc/webrtc.ts";
import { werift } from "../../src/werift/werift.ts";
import { teachMarks } from "../stream-page.ts";
import { WHEP_PAGE } from "../whep-page.ts";
import { judgeRoad, type RoadFigures } from "./judge-road.ts";
import type { Scenario } from "./scenarios.ts";
import { openUdpRelay, throughRelay, withoutCandidates } from "./udp-relay.ts";

/** What Chromium showed at the other end of a road. */
export interface NetworkRun extends RoadFigures {
  readonly lost: number;
  readonly dropped: number;
  /** Frames whose number was not above the one before; must be 0. */
  readonly outOfOrder: number;
  /** Bits a second, the lowest that was aimed at. */
  readonly lowestTarget: number;
  /** Every 500 ms, for those who want to look. */
  readonly trace: readonly string[];
}

interface PageFrame {
  readonly number: number;
  readonly ageMs: number;
  readonly wallMs: number;
}

/** Before the road becomes narrow, the connection is made and the rate finds its place. */
const WARM_UP_MS = 3_000;

/** Streams the test pattern to Chromium over a real socket that behaves as the scenario says, in real time. */
export async function runOverNetwork(browser: Browser, scenario: Scenario): Promise<NetworkRun> {
  await using media = nodeAv({ workers: 1 });
  await using hub = createFrameHub(testPattern({ width: 640, height: 360, noise: 0.3 }), {
    video: media.videoEncoder,
    lingerMs: 0,
  });
  await using publication = webrtc({ peers: werift(), hostAddresses: ["127.0.0.1"] }).publish(hub, {
    families: ["h264"],
    renditions: [{ height: 360, bitrate: scenario.maxBitrate }],
  });
  await using relay = await openUdpRelay(scenario);
  const inner = createServer((request, response) => void publication.handle(request, response));
  await new Promise<void>((done) => inner.listen(0, "127.0.0.1", done));
  const innerUrl = `http://127.0.0.1:${(inner.address() as AddressInfo).port}/whep`;
  const outer = createServer((request, response) => {
    if (request.method !== "POST") {
      response.setHeader("content-type", "text/html");
      response.end(WHEP_PAGE);
      return;
    }
    void text(request).then(async (offer) => {
      const answer = await fetch(innerUrl, {
        method: "POST",
        headers: { "content-type": "application/sdp" },
        body: withoutCandidates(offer),
      });
      const { sdp, address, port } = throughRelay(await answer.text(), relay.port);
      relay.connect(address, port);
      response.writeHead(201, { "content-type": "application/sdp", location: "/none" }).end(sdp);
    });
  });
  await new Promise<void>((done) => outer.listen(0, "127.0.0.1", done));
  const page = await browser.newPage();
  const trace: string[] = [];
  let lowestTarget = Number.POSITIVE_INFINITY;
  let timer: NodeJS.Timeout | undefined;
  try {
    await teachMarks(page);
    await page.goto(`http://127.0.0.1:${(outer.address() as AddressInfo).port}/?codec=video/H264`);
    await page.evaluate(`(() => {
      const video = document.querySelector("video");
      window.seen = [];
      const look = () => {
        const marks = marksOf(video);
        if (marks && seen.at(-1)?.number !== marks.number)
          seen.push({ number: marks.number, ageMs: marks.ageMs, wallMs: performance.timeOrigin + performance.now() });
        video.requestVideoFrameCallback(look);
      };
      video.requestVideoFrameCallback(look);
    })()`);
    await page.waitForFunction("window.seen.length > 30", undefined, { timeout: 20_000 });
    await page.waitForTimeout(WARM_UP_MS);
    const startedMs = performance.timeOrigin + performance.now();
    relay.begin();
    timer = setInterval(() => {
      const [viewer] = publication.sessions;
      if (!viewer) return;
      const { framesDropped, rendition } = viewer.stats();
      // Sessions say more of their road to those who steer them.
      const { road } = (viewer as unknown as { steered: { road: RoadState } }).steered;
      lowestTarget = Math.min(lowestTarget, road.targetBitrate);
      const atMs = Math.round(performance.timeOrigin + performance.now() - startedMs);
      trace.push(
        `${atMs} ${Object.entries(road)
          .map(
            ([name, value]) => `${name} ${typeof value === "number" ? Math.round(value) : value}`,
          )
          .join(" ")} ${rendition} dropped ${framesDropped}`,
      );
    }, 500);
    await page.waitForTimeout(scenario.untilMs);
    const seen = (await page.evaluate("window.seen")) as PageFrame[];
    const shown = seen.map(({ ageMs, wallMs }) => ({ atMs: wallMs - startedMs, ageMs }));
    const inTime = shown.filter(({ atMs }) => atMs >= 0 && atMs < scenario.untilMs);
    const outOfOrder = seen.filter(({ number }, at) => number <= (seen[at - 1]?.number ?? -1));
    return {
      ...judgeRoad(scenario, inTime, relay.delivered),
      lost: relay.lost,
      dropped: relay.dropped,
      outOfOrder: outOfOrder.length,
      lowestTarget,
      trace,
    };
  } finally {
    clearInterval(timer);
    await page.close();
    await publication.close();
    await hub.close();
    outer.close();
    inner.close();
  }
}
