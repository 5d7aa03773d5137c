import { MillraceError } from "@millrace/core";
import type { LiveStream, VideoFrame } from "@millrace/media";
import { expectNoOpenFrames } from "@millrace/media/testing";
import { firstValueFrom, NEVER, Observable, Subject } from "rxjs";
import { afterEach, describe, expect, it } from "vitest";
import { createFrameHub, type FrameHub, type FrameHubOptions } from "../hub/frame-hub.ts";
import { testPattern } from "../pattern/test-pattern.ts";
import type { Publication, PublishOptions, Transport } from "../transport.ts";
import { createAdmission } from "../viewers/admission.ts";
import { type LoopbackServer, serveOnLoopback } from "./serve-on-loopback.ts";

/** Somebody who watches, as the suite sees it. */
export interface TestViewer {
  /** Numbers that it has seen in the pixels of the test pattern, in the order in which it saw them. */
  readonly numbers: readonly number[];
  /** Settles when the stream has ended for it, however that came; never rejects. */
  readonly ended: Promise<void>;
  /** Goes away as a viewer does, and settles when it has let go of everything. */
  leave(): Promise<void>;
}

/** What {@link describeTransport} needs to know. */
export interface DescribeTransportOptions {
  /** Makes the transport; called for each test. */
  readonly transport: () => Transport;
  /** Encoders of the hub, as `createFrameHub` takes them. */
  readonly hub: FrameHubOptions;
  /**
   * Comes to a publication that is served at `url`, such as `http://127.0.0.1:40000/live`; what is asked for below this
   * address reaches it with the rest of the path, and so do upgrades. Rejects when the viewer was refused.
   */
  readonly join: (publication: Publication, url: string) => Promise<TestViewer>;
  /** Addresses below the publication that are asked for junk. @defaultValue `["", "/", "/nothing", "/%ff/../.."]` */
  readonly paths?: readonly string[];
  /** How long a test may take, in milliseconds. @defaultValue 30,000 */
  readonly timeoutMs?: number;
}

const SIZE = { width: 320, height: 180 };
const PATHS = ["", "/", "/nothing", "/%ff/../.."];

/**
 * What every transport keeps to, for vitest: it encodes for viewers only, says who watches, refuses in so many words,
 * survives junk, and lets go of everything.
 *
 * @param name - stands in the names of the tests
 */
export function describeTransport(name: string, options: DescribeTransportOptions): void {
  const { join, paths = PATHS, timeoutMs = 30_000 } = options;
  const eventually = { timeout: timeoutMs, interval: 20 };
  const open: (() => Promise<unknown>)[] = [];

  /** A publication behind a server, which the end of the test takes down. */
  const publish = async (
    made: { readonly stream?: LiveStream; readonly hub?: FrameHubOptions } = {},
    published: PublishOptions = {},
  ): Promise<{ hub: FrameHub; publication: Publication; server: LoopbackServer }> => {
    const stream = made.stream ?? testPattern({ ...SIZE, framerate: 15 });
    const hub = createFrameHub(stream, { lingerMs: 0, ...(made.hub ?? options.hub) });
    const publication = options.transport().publish(hub, published);
    const server = await serveOnLoopback(publication);
    open.push(
      server.close,
      () => hub.close(),
      () => publication.close(),
    );
    return { hub, publication, server };
  };
  const sees = (viewer: TestViewer, frames: number): Promise<void> =>
    expect.poll(() => viewer.numbers.length, eventually).toBeGreaterThanOrEqual(frames);
  const watching = (publication: Publication): Promise<number> =>
    firstValueFrom(publication.viewers$).then(({ length }) => length);

  describe(`transport ${name}`, { timeout: timeoutMs }, () => {
    afterEach(async () => {
      for (const close of open.splice(0).reverse()) await close();
      await expect.poll(() => noOpenFrames(), eventually).toBe(true);
    });

    it("encodes nothing before the first viewer and after the last one, and shows numbers in order, none twice", async () => {
      const { hub, publication, server } = await publish();
      expect(hub.stats().renditions).toEqual([]);
      const viewer = await join(publication, server.url);
      await sees(viewer, 10);
      expect(hub.stats().renditions).toHaveLength(1);
      await viewer.leave();
      await expect.poll(() => hub.stats().renditions, eventually).toEqual([]);
      const seen = [...viewer.numbers];
      expect(seen).toEqual([...new Set(seen)].sort((one, other) => one - other));
      // The source may have been about to give one more.
      const later = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 200));
      await later();
      const { framesIn } = hub.stats();
      await later();
      expect(hub.stats().framesIn).toBe(framesIn);
    });

    it("encodes once for two", async () => {
      const { hub, publication, server } = await publish();
      const viewers = await Promise.all([
        join(publication, server.url),
        join(publication, server.url),
      ]);
      await Promise.all(viewers.map((viewer) => sees(viewer, 3)));
      expect(hub.stats().renditions).toHaveLength(1);
      await Promise.all(viewers.map((viewer) => viewer.leave()));
    });

    it("tells who watches and how they are doing", async () => {
      const { publication, server } = await publish();
      expect(await watching(publication)).toBe(0);
      const viewer = await join(publication, server.url);
      await sees(viewer, 3);
      const [one] = await firstValueFrom(publication.viewers$);
      expect(one?.transport).toBe(publication.transport);
      const stats = await firstValueFrom(publication.stats$);
      expect(stats.viewersTotal).toBe(1);
      expect(stats.viewers[0]).toMatchObject({ id: one?.id, state: "live" });
      expect(stats.framesSent).toBeGreaterThan(0);
      expect(stats.bytesSent).toBeGreaterThan(0);
      await viewer.leave();
      await expect.poll(() => watching(publication), eventually).toBe(0);
      const after = await firstValueFrom(publication.stats$);
      expect(after.framesSent).toBeGreaterThanOrEqual(stats.framesSent);
      expect(after.viewersTotal).toBe(1);
    });

    it("sends a viewer away who is told to go, and others stay", async () => {
      const { publication, server } = await publish();
      const [first, second] = [
        await join(publication, server.url),
        await join(publication, server.url),
      ];
      await Promise.all([sees(first, 1), sees(second, 1)]);
      const [one] = await firstValueFrom(publication.viewers$);
      one?.close("enough");
      one?.close();
      await Promise.race([first.ended, second.ended]);
      await expect.poll(() => watching(publication), eventually).toBe(1);
      const numbers = (): number => first.numbers.length + second.numbers.length;
      await expect.poll(numbers, eventually).toBeGreaterThan(numbers() + 5);
      await Promise.all([first.leave(), second.leave()]);
    });

    it("ends its viewers when it is closed, and closing twice does nothing", async () => {
      const { publication, server } = await publish();
      const viewers = await Promise.all([
        join(publication, server.url),
        join(publication, server.url),
      ]);
      await Promise.all(viewers.map((viewer) => sees(viewer, 1)));
      await Promise.all([publication.close(), publication.close()]);
      await Promise.all(viewers.map(({ ended }) => ended));
      await publication.close();
      expect(await watching(publication)).toBe(0);
      await expect(join(publication, server.url)).rejects.toThrow();
      await Promise.all(viewers.map((viewer) => viewer.leave()));
    });

    it("ends its viewers when the stream ends, and when it fails", async () => {
      for (const kind of ["ends", "fails"] as const) {
        const over$ = new Subject<void>();
        const pattern = testPattern({ ...SIZE, framerate: 15 });
        const { publication, server } = await publish({
          stream: { ...pattern, video$: stoppable(pattern.video$, over$) },
        });
        const viewer = await join(publication, server.url);
        await sees(viewer, 2);
        if (kind === "ends") over$.complete();
        else over$.error(new MillraceError("REMOTE_FAILED", "The camera has caught fire."));
        await viewer.ended;
        await expect.poll(() => watching(publication), eventually).toBe(0);
        await viewer.leave();
      }
    });

    it("publishes nothing of a closed hub", async () => {
      const hub = createFrameHub(testPattern(SIZE), options.hub);
      await hub.close();
      expect(() => options.transport().publish(hub)).toThrow(
        expect.objectContaining({ code: "CLOSED" }),
      );
    });

    it("refuses who finds it full, counts it, and lets the next one in when there is room", async () => {
      const { publication, server } = await publish(
        {},
        { admission: createAdmission({ maxViewers: 1 }) },
      );
      const viewer = await join(publication, server.url);
      await sees(viewer, 1);
      await expect(join(publication, server.url)).rejects.toThrow();
      expect((await firstValueFrom(publication.stats$)).viewersRefused).toBe(1);
      await viewer.leave();
      await expect.poll(() => watching(publication), eventually).toBe(0);
      const next = await join(publication, server.url);
      await sees(next, 1);
      await next.leave();
    });

    it("refuses clearly where the hub has no encoder, and holds no seat for it", async () => {
      const admission = createAdmission({ maxViewers: 1 });
      const { publication, server } = await publish({ hub: {} }, { admission });
      await expect(join(publication, server.url)).rejects.toThrow();
      await expect(join(publication, server.url)).rejects.toThrow();
      await expect.poll(() => admission.viewers, eventually).toBe(0);
    });

    it("answers junk, and viewers see nothing of it", async () => {
      const { publication, server } = await publish();
      const viewer = await join(publication, server.url);
      await sees(viewer, 1);
      for (const path of paths) {
        for (const method of ["PUT", "DELETE", "PATCH", "POST", "PROPFIND", "HEAD", "OPTIONS"]) {
          const status = await server.ask(method, path, method === "POST" ? "\0{junk" : "");
          expect.soft(status, `${method} ${path}`).toBeGreaterThanOrEqual(200);
          expect.soft(status, `${method} ${path}`).not.toBe(500);
        }
      }
      await server.ask("POST", "", "x".repeat(2 ** 20)).catch(() => {});
      await server.upgradeJunk("");
      expect(server.failures).toEqual([]);
      await sees(viewer, viewer.numbers.length + 5);
      await viewer.leave();
    });

    it("lets pages of its own host and of those that are named come, and no others", async () => {
      const named = "https://named.example";
      const allowedOrigins = [named];
      const { hub, publication, server } = await publish({}, { allowedOrigins });
      const { origin: own } = new URL(server.url);
      for (const [origin, isLetIn] of [
        ["https://other.example", false],
        ["null", false],
        [named, true],
        [own, true],
      ] as const) {
        const status = await server.askFrom(origin, publication.upgrade !== undefined);
        expect.soft(status === 403, `${origin}: ${status}`).toBe(!isLetIn);
      }
      const wrong = { allowedOrigins: ["named.example"] };
      expect(() => options.transport().publish(hub, wrong)).toThrow(/allowedOrigins/);
    });

    it("lets go of who leaves before anything was shown", async () => {
      const { hub, publication, server } = await publish({
        stream: { ...testPattern(SIZE), video$: NEVER },
      });
      const joins = [1, 2, 3].map(() => server.abandon());
      await Promise.all(joins);
      await expect.poll(() => watching(publication), eventually).toBe(0);
      await expect.poll(() => hub.stats().renditions, eventually).toEqual([]);
    });
  });
}

function noOpenFrames(): boolean {
  try {
    expectNoOpenFrames();
    return true;
  } catch {
    return false;
  }
}

/** Frames until `over$` ends or fails, and then the same. */
function stoppable(video$: Observable<VideoFrame>, over$: Subject<void>): Observable<VideoFrame> {
  return new Observable((subscriber) => {
    const frames = video$.subscribe(subscriber);
    frames.add(
      over$.subscribe({
        error: (error: unknown) => subscriber.error(error),
        complete: () => subscriber.complete(),
      }),
    );
    return frames;
  });
}
