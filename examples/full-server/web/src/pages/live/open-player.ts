import {
  drawDetections,
  type Player,
  type PlayerOptions,
  playMjpeg,
  playWebRtc,
  playWebSocket,
  type ShownFrame,
} from "@millrace/streaming/browser";
import type { Stream, TransportName } from "../../api/stream-types.ts";
import { authorizationOf, session, withAccessToken } from "../../state/session.ts";

/** Pixels of the page. */
const LINE = 2;
const LETTERS = 13;

/** What a stream is drawn on: one over the other. */
export interface Layers {
  /** Of WebRTC: gives pictures and sound, and is covered by the picture. */
  readonly video: HTMLVideoElement;
  readonly picture: HTMLCanvasElement;
  readonly boxes: HTMLCanvasElement;
}

/** What is told of a player. */
export interface PlayerEvents extends Pick<PlayerOptions, "clockOffsetMs" | "onState" | "onStats"> {
  /** A frame is shown, with so many objects; undefined where nobody has looked at it. */
  readonly onObjects: (objects: number | undefined) => void;
}

/** Plays a stream over a transport. */
export function openPlayer(
  stream: Stream,
  { transport, sound }: { readonly transport: TransportName; readonly sound: boolean },
  { video, picture, boxes }: Layers,
  { onObjects, ...told }: PlayerEvents,
): Player {
  const context = boxes.getContext("2d");
  let last: ShownFrame | undefined;
  const draw = (frame: ShownFrame): void => {
    last = frame;
    // As many pixels as the screen has there: lines and letters are fine whatever size the picture has.
    const scale = devicePixelRatio;
    const [width, height] = [boxes.clientWidth * scale, boxes.clientHeight * scale].map(Math.round);
    if (width && height && (boxes.width !== width || boxes.height !== height)) {
      boxes.width = width;
      boxes.height = height;
    }
    const isTold = frame.data.some(({ kind }) => kind === "detections");
    const drawn = context
      ? drawDetections(context, frame, {
          ...stream.picture,
          lineWidth: LINE * scale,
          fontSize: LETTERS * scale,
        })
      : [];
    // The number and the boxes are of one frame, for whoever looks at the page from outside.
    boxes.dataset["timestamp"] = String(frame.timestamp);
    boxes.dataset["boxes"] = JSON.stringify(drawn);
    onObjects(isTold ? drawn.length : undefined);
  };
  const options: PlayerOptions = {
    onFrame: draw,
    // It may come behind its frame.
    onData: (item, isOfShownFrame) => {
      if (last && isOfShownFrame && !last.data.includes(item)) {
        draw({ ...last, data: [...last.data, item] });
      }
    },
    ...told,
  };
  const headers = authorizationOf(session.get());
  const urlOf = (name: string): string => stream.urls[name] ?? "";
  switch (transport) {
    case "webrtc":
      video.muted = !sound;
      return playWebRtc({
        ...options,
        url: urlOf("whep"),
        video,
        // Over the video, whose picture may change before the boxes do, or behind them.
        canvas: picture,
        headers,
        audio: sound,
      });
    case "websocket":
      return playWebSocket({
        ...options,
        url: withAccessToken(urlOf("websocket")),
        canvas: picture,
        audio: sound,
      });
    case "mjpeg":
      return playMjpeg({ ...options, url: urlOf("mjpeg"), canvas: picture, headers });
  }
}

/** Takes away what was drawn of a stream that plays no more. */
export function wipe({ picture, boxes }: Layers): void {
  for (const canvas of [picture, boxes]) canvas.width = 0;
  boxes.dataset["boxes"] = "[]";
}
