import { closeSync, openSync, rmSync, writeSync } from "node:fs";
import { createServer } from "node:http";
import { runMillrace } from "./run-millrace.ts";

/** Request bodies of one load, back to back in a file. */
export interface RecordedBodies {
  readonly file: string;
  readonly lengths: readonly number[];
  readonly samples: number;
  remove(): void;
}

/** Loads the archive into a server that only takes notes. */
export async function recordBodies(archive: string, file: string): Promise<RecordedBodies> {
  const target = openSync(file, "w");
  const lengths: number[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      if (request.method === "POST") {
        const body = Buffer.concat(chunks);
        lengths.push(body.length);
        writeSync(target, body);
        response.writeHead(204).end();
      } else if (request.url?.startsWith("/metrics")) {
        response.end('vm_app_start_timestamp 1\nflag{name="retentionPeriod", value="100y"} 1\n');
      } else response.end('{"status":"ok","snapshot":"none"}');
    });
  });
  const port = await new Promise<number>((resolve) => {
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      resolve(typeof address === "object" && address !== null ? address.port : 0);
    });
  });
  const { report } = await runMillrace(archive, `http://127.0.0.1:${port}`);
  server.closeAllConnections();
  server.close();
  closeSync(target);
  return { file, lengths, samples: report.samples.accepted, remove: () => rmSync(file) };
}
