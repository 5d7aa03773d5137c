import { once } from "node:events";
import { get, type IncomingMessage } from "node:http";

/** Reads pictures of a multipart stream, and leaves when it has enough. */
export async function readPictures(
  url: string,
  count: number,
  headers: Readonly<Record<string, string>> = {},
): Promise<{
  readonly status: number;
  readonly headers: IncomingMessage["headers"];
  readonly pictures: readonly Buffer[];
}> {
  const request = get(url, { headers });
  const [response] = (await once(request, "response")) as [IncomingMessage];
  const { statusCode: status = 0, headers: answered } = response;
  const boundary = /boundary=(.+)$/.exec(answered["content-type"] ?? "")?.[1];
  const pictures: Buffer[] = [];
  let rest = Buffer.alloc(0);
  if (boundary !== undefined) {
    const mark = Buffer.from(`--${boundary}`);
    for await (const chunk of response) {
      rest = Buffer.concat([rest, chunk as Buffer]);
      for (let end = rest.indexOf(mark, 1); end > 0; end = rest.indexOf(mark, 1)) {
        const part = rest.subarray(0, end);
        rest = rest.subarray(end);
        const from = part.indexOf("\r\n\r\n");
        // What stands before the first mark is no part.
        if (from > 0) pictures.push(Buffer.from(part.subarray(from + 4, part.length - 2)));
      }
      if (pictures.length >= count) break;
    }
  }
  response.destroy();
  request.destroy();
  return { status, headers: answered, pictures: pictures.slice(0, count) };
}
