import type { StreamWish, TransportName } from "../../api/stream-types.ts";

/** What the form of the page says; all of it stands in the address. */
export interface LiveWish {
  /** The id of a video; empty: the test pattern. */
  readonly video: string;
  /** Empty: as many as there are. */
  readonly fps: string;
  /** Rows at most; empty: as many as there are. */
  readonly height: string;
  readonly inference: boolean;
  readonly sound: boolean;
  readonly transport: TransportName;
}

const TRANSPORTS: readonly TransportName[] = ["webrtc", "websocket", "mjpeg"];

/** Reads an address. */
export function readWish(search: string): LiveWish {
  const query = new URLSearchParams(search);
  const read = (name: string, form: RegExp): string => form.exec(query.get(name) ?? "")?.[0] ?? "";
  return {
    video: query.get("video") ?? "",
    fps: read("fps", /^\d{1,2}(\.\d{1,3})?$/),
    height: read("height", /^\d{1,4}$/),
    inference: query.get("inference") === "true",
    sound: query.get("sound") === "true",
    transport: TRANSPORTS.find((one) => one === query.get("transport")) ?? "webrtc",
  };
}

/** The address of a wish. */
export function wishAddress(wish: LiveWish): string {
  const { inference, sound, ...rest } = wish;
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(rest)) if (value !== "") query.set(name, value);
  if (inference) query.set("inference", "true");
  if (sound) query.set("sound", "true");
  return `/webrtc?${query}`;
}

/** What the server is asked for. */
export function streamWish({ video, fps, height, inference }: LiveWish): StreamWish {
  return {
    ...(video === "" ? { source: "pattern" } : { source: "video", video, inference }),
    ...(fps !== "" && { fps: Number(fps) }),
    ...(height !== "" && { height: Number(height) }),
  };
}
