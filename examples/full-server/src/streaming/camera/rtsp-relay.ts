import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { MillraceError } from "@millrace/core";
import type { CameraHosts } from "./camera-hosts.ts";
import { createRedirectWatch } from "./rtsp-redirect.ts";

/** A place on loopback that stands for one camera. */
export interface RtspRelay extends AsyncDisposable {
  readonly port: number;
  /** What broke between here and the camera. */
  readonly problem: Error | undefined;
}

/** What {@link openRtspRelay} needs to know. */
export interface RtspRelayOptions {
  readonly host: string;
  readonly port: number;
  /** Whether the camera speaks TLS; its certificate must be one that Node trusts. */
  readonly isEncrypted: boolean;
  readonly hosts: CameraHosts;
  /** Told why the camera is not read any more, where that is decided here. */
  readonly refuse: (why: unknown) => void;
}

/**
 * Passes RTSP on to a camera. Its host is resolved and looked at for each connection, and the one that sends its reader
 * elsewhere is cut off, since nobody would look at the host that it names.
 */
export async function openRtspRelay(options: RtspRelayOptions): Promise<RtspRelay> {
  const { host, port, isEncrypted, hosts, refuse } = options;
  const sockets = new Set<Socket>();
  let problem: Error | undefined;
  const keep = (socket: Socket): Socket => {
    sockets.add(socket);
    socket.on("error", () => {});
    return socket.once("close", () => sockets.delete(socket));
  };
  const lead = async (reader: Socket): Promise<void> => {
    const { address } = await hosts.resolve(host, port);
    // It may have left meanwhile, and would not end what is begun now.
    if (reader.destroyed) return;
    const servername = host.replace(/^\[(.*)\]$/, "$1");
    const camera = keep(
      isEncrypted
        ? connectTls({ host: address, port, servername: /[a-z]/i.test(host) ? servername : "" })
        : connect({ host: address, port }),
    );
    camera.on("error", (error) => {
      problem = error;
    });
    const isRedirect = createRedirectWatch();
    camera.on("data", (bytes: Buffer) => {
      if (isRedirect(bytes)) {
        const why = `The camera at ${host}:${port} sends its readers to another address; ask for that one.`;
        refuse(new MillraceError("REMOTE_FAILED", why));
        reader.destroy();
      } else if (!reader.write(bytes)) {
        camera.pause();
        reader.once("drain", () => camera.resume());
      }
    });
    camera.once("end", () => reader.end());
    camera.once("close", () => reader.destroy());
    reader.once("close", () => camera.destroy());
    reader.pipe(camera);
  };
  const server = createServer((reader) => {
    keep(reader);
    lead(reader).catch((error: unknown) => {
      refuse(error);
      reader.destroy();
    });
  });
  await new Promise<void>((done, fail) => {
    server.once("error", fail);
    server.listen(0, "127.0.0.1", done);
  });
  return {
    port: (server.address() as AddressInfo).port,
    get problem() {
      return problem;
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((done) => server.close(() => done()));
    },
  };
}
