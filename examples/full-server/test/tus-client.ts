import { setTimeout as pause } from "node:timers/promises";

const VERSION = { "tus-resumable": "1.0.0" };
const RETRY_MS = 100;

/** What a server answered that does not want an upload. */
export class Refused extends Error {
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/**
 * Uploads by the tus protocol, in pieces, and goes on for as long as it takes when the server is away.
 *
 * @returns the id of the upload, which is that of its job
 */
export async function tusUpload(
  base: string,
  bytes: Buffer,
  about: { readonly filename: string; readonly target?: string; readonly pieceBytes: number },
): Promise<string> {
  const metadata = Object.entries({ filename: about.filename, target: about.target ?? "grafana" })
    .map(([key, value]) => `${key} ${Buffer.from(value).toString("base64")}`)
    .join(",");
  const created = await persistently(() =>
    fetch(`${base}/v1/uploads`, {
      method: "POST",
      headers: { ...VERSION, "upload-length": String(bytes.length), "upload-metadata": metadata },
    }),
  );
  if (created.status !== 201) throw new Refused(created.status, await created.text());
  const location = new URL(created.headers.get("location") ?? "", `${base}/v1/`).href;
  let offset = 0;
  while (offset < bytes.length) {
    const piece = bytes.subarray(offset, offset + about.pieceBytes);
    const sent = await fetch(location, {
      method: "PATCH",
      headers: {
        ...VERSION,
        "upload-offset": String(offset),
        "content-type": "application/offset+octet-stream",
      },
      body: new Uint8Array(piece),
    }).catch(() => undefined);
    if (sent?.status === 204) {
      offset = Number(sent.headers.get("upload-offset"));
      continue;
    }
    if (sent !== undefined && sent.status < 500 && sent.status !== 409 && sent.status !== 423) {
      throw new Refused(sent.status, await sent.text());
    }
    // Where a crash cut it off, only the server knows how much it has.
    const found = await persistently(() => fetch(location, { method: "HEAD", headers: VERSION }));
    // The last piece arrived and became a job; only its answer was lost.
    if (found.status === 404 || found.status === 410) break;
    offset = Number(found.headers.get("upload-offset"));
  }
  return location.slice(location.lastIndexOf("/") + 1);
}

async function persistently(call: () => Promise<Response>): Promise<Response> {
  for (;;) {
    const answer = await call().catch(() => undefined);
    if (answer !== undefined && answer.status < 500) return answer;
    await pause(RETRY_MS);
  }
}
