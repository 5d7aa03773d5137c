import { authorizationOf, refuseSession, session } from "../state/session.ts";
import { ApiError, apiErrorOf } from "./api-error.ts";
import { type Options, request, searchOf } from "./client.ts";
import type {
  FrameDetections,
  FramePicture,
  Thumbnail,
  Video,
  VideoList,
  VideoStats,
} from "./video-types.ts";

/** The requests of the page of videos. Each throws an ApiError that can be shown. */
export const videoApi = {
  list: (options: Options = {}) => request<VideoList>("GET", "/v1/videos", options),
  stats: (options: Options = {}) => request<VideoStats>("GET", "/v1/video/stats", options),
  delete: (id: string) => request<void>("DELETE", pathOf(id)),
  thumbnails: (id: string, count: number, options: Options = {}) =>
    request<{ thumbnails: readonly Thumbnail[] }>(
      "GET",
      `${pathOf(id)}/thumbnails${searchOf({ count, width: 160 })}`,
      options,
    ),
  detections: (id: string, frame: number, options: Options = {}) =>
    request<FrameDetections>("GET", `${pathOf(id)}/frames/${frame}/detections`, options),
  picture,
  upload,
};

function pathOf(id: string): string {
  return `/v1/videos/${encodeURIComponent(id)}`;
}

async function picture(
  id: string,
  frame: number,
  width: number | undefined,
  signal: AbortSignal,
): Promise<FramePicture> {
  const path = `${pathOf(id)}/frames/${frame}.jpg${searchOf({ width })}`;
  const response = await fetch(path, { headers: authorizationOf(session.get()), signal });
  if (response.status === 401) refuseSession();
  if (!response.ok) throw apiErrorOf(response.status, await response.text());
  const { headers } = response;
  const said = (name: string): string => headers.get(name) ?? "";
  const bitmap = await createImageBitmap(await response.blob());
  return {
    bitmap,
    index: Number(said("x-frame-index")),
    time: Number(said("x-frame-time")),
    duration: Number(said("x-frame-duration")),
    key: said("x-frame-key") === "true",
    exactness: said("x-frame-exactness"),
    status: said("x-frame-status"),
    hit: said("x-cache-status") === "HIT",
    serverMs: Number(/total;dur=([\d.]+)/.exec(said("server-timing"))?.[1] ?? 0),
  };
}

/** Sends a file; `onProgress` hears a share of 0 to 1. By XMLHttpRequest, since `fetch` tells no progress. */
function upload(
  file: File,
  {
    onProgress,
    signal,
  }: { readonly onProgress: (share: number) => void; readonly signal: AbortSignal },
): Promise<Video> {
  return new Promise((resolve, reject) => {
    const xhr = new XMLHttpRequest();
    const form = new FormData();
    form.set("file", file);
    xhr.open("POST", "/v1/videos");
    for (const [name, value] of Object.entries(authorizationOf(session.get()))) {
      xhr.setRequestHeader(name, value);
    }
    xhr.upload.onprogress = ({ loaded, total }) => onProgress(total > 0 ? loaded / total : 0);
    xhr.onload = () => {
      if (xhr.status === 401) refuseSession();
      if (xhr.status >= 200 && xhr.status < 300) resolve(JSON.parse(xhr.responseText).video);
      else reject(apiErrorOf(xhr.status, xhr.responseText));
    };
    xhr.onerror = () =>
      reject(
        new ApiError("The upload broke off. Check that the server runs, and send it again.", {
          status: 0,
          code: "REMOTE_FAILED",
        }),
      );
    xhr.onabort = () => reject(signal.reason);
    signal.addEventListener("abort", () => xhr.abort(), { once: true });
    xhr.send(form);
  });
}
