import { useRef, useState } from "preact/hooks";
import { streamApi } from "../../api/stream-client.ts";
import type { StreamList } from "../../api/stream-types.ts";
import { videoApi } from "../../api/video-client.ts";
import { Notice } from "../../parts/notice.tsx";
import { useLoaded } from "../../parts/use-loaded.ts";
import { navigate, place } from "../../state/routing.ts";
import { useStore } from "../../state/use-store.ts";
import { LiveFigures } from "./live-figures.tsx";
import { LiveForm } from "./live-form.tsx";
import { type LiveWish, readWish, wishAddress } from "./live-wish.ts";
import type { Layers } from "./open-player.ts";
import { type Live, useLive } from "./use-live.ts";

/** What stands where no picture moves. */
const HINTS: Readonly<Partial<Record<Live["state"], string>>> = {
  stopped: "Nothing plays. Press Start.",
  connecting: "Connecting…",
  reconnecting: "Connecting again…",
  ended: "The stream has ended.",
};

/** Live streams, over each transport, and how they arrive. The address says what is played. */
export function LivePage() {
  const { search } = useStore(place);
  const { value: server, problem: serverProblem } = useLoaded(
    (signal) => streamApi.list({ signal }),
    [],
  );
  const { value: list, problem: listProblem } = useLoaded(
    (signal) => videoApi.list({ signal }),
    [],
  );
  const [playing, setPlaying] = useState<LiveWish>();
  const layers = useLayers();
  const live = useLive(playing, layers);
  const wish = usableWish(readWish(search), server);
  const videos = list?.videos ?? [];
  const problem = serverProblem ?? listProblem ?? live.problem;
  const isVideo = (playing ?? wish).transport === "webrtc";
  const { width, height } = live.stream?.picture ?? { width: 16, height: 9 };

  const change = (next: LiveWish): void => {
    navigate(wishAddress(next), { replace: true });
    if (playing !== undefined) setPlaying(next);
  };
  return (
    <>
      <div class="title together">
        <h1>Watch live</h1>
        <button
          type="button"
          class={playing === undefined ? "button main" : "button"}
          disabled={server === undefined}
          onClick={() => setPlaying(playing === undefined ? wish : undefined)}
        >
          {playing === undefined ? "Start" : "Stop"}
        </button>
        {live.stream && (
          <span class="muted">
            {live.stream.title}, {width} × {height}
          </span>
        )}
      </div>
      {server !== undefined && (
        <LiveForm wish={wish} videos={videos} server={server} onChange={change} />
      )}
      {problem !== undefined && <Notice kind="error">{problem}</Notice>}
      {server !== undefined && <Missing server={server} />}
      <div class="viewer">
        <div class="stage card live">
          <div
            class="layers"
            style={{ aspectRatio: `${width} / ${height}`, "--shape": width / height }}
          >
            <video ref={layers.setVideo} hidden={!isVideo} playsInline muted aria-label="Video" />
            <canvas ref={layers.setPicture} aria-label="Stream" />
            <canvas ref={layers.setBoxes} aria-label="Objects" />
            {HINTS[live.state] && <p class="stage-hint">{HINTS[live.state]}</p>}
          </div>
        </div>
        <LiveFigures live={live} />
        {(live.state === "failed" || live.state === "reconnecting") && (
          <Notice kind="error">{live.reason}</Notice>
        )}
      </div>
    </>
  );
}

/** What of the wish can be had. */
function usableWish(wish: LiveWish, server: StreamList | undefined): LiveWish {
  if (server === undefined || server.transports[wish.transport].available) return wish;
  return { ...wish, transport: server.transports.websocket.available ? "websocket" : "mjpeg" };
}

function Missing({ server }: { readonly server: StreamList }) {
  const missing = Object.entries(server.transports).filter(([, { available }]) => !available);
  return (
    <>
      {missing.map(([name, { install }]) => (
        <Notice key={name}>
          {name} is not there: {install} where the server runs, and start it again.
        </Notice>
      ))}
    </>
  );
}

/** The elements that a player draws on, once they are there. */
function useLayers() {
  const found = useRef<Partial<Layers>>({});
  const layers = useRef({
    setVideo: (video: HTMLVideoElement | null) => set("video", video),
    setPicture: (picture: HTMLCanvasElement | null) => set("picture", picture),
    setBoxes: (boxes: HTMLCanvasElement | null) => set("boxes", boxes),
    get current(): Layers | undefined {
      const { video, picture, boxes } = found.current;
      return video && picture && boxes ? { video, picture, boxes } : undefined;
    },
  });
  const set = (name: keyof Layers, element: HTMLElement | null): void => {
    found.current = { ...found.current, [name]: element ?? undefined };
  };
  return layers.current;
}
