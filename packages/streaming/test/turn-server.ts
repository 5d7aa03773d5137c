import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { networkInterfaces, tmpdir } from "node:os";
import { join } from "node:path";
import type { IceServer } from "../src/webrtc/peer-transport.ts";

const LOOPBACK = "127.0.0.1";
const PROGRAM = "turnserver";
/** As special as they may be: they travel in a header and in an address. */
const [USERNAME, CREDENTIAL] = ["guest", 'a "b" \\ c; d, e'];

/** Why there is no TURN server here, if so. */
export const missingTurnServer: string | undefined =
  spawnSync(PROGRAM, ["--version"]).status === null
    ? `there is no ${PROGRAM}: apt-get install coturn`
    : undefined;

/** A TURN server on loopback, a program of its own. */
export interface TurnServer extends AsyncDisposable {
  readonly iceServer: IceServer & { readonly urls: string };
  readonly port: number;
  /** How often it has been asked for a relay, and has given one. */
  allocations(): number;
}

/** Starts coturn, which relays between addresses of this machine too. */
export async function startTurnServer(): Promise<TurnServer> {
  const port = await freePort();
  const folder = await mkdtemp(join(tmpdir(), "millrace-turn-"));
  const child = spawn(
    PROGRAM,
    [
      ...["-n", "--no-cli", "--no-tls", "--no-dtls", "--verbose", "--log-file", "stdout"],
      ...["--listening-ip", LOOPBACK, "--listening-port", String(port)],
      ...["--relay-ip", ownAddress(), "--allow-loopback-peers"],
      ...["--lt-cred-mech", "--realm", "millrace", "--user", `${USERNAME}:${CREDENTIAL}`],
      ...["--userdb", join(folder, "turndb"), "--pidfile", join(folder, "pid")],
    ],
    { stdio: ["ignore", "pipe", "pipe"] },
  );
  let log = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      log += text;
    });
  }
  await listening(child, () => log);
  return {
    iceServer: { urls: `turn:127.0.0.1:${port}`, username: USERNAME, credential: CREDENTIAL },
    port,
    allocations: () => log.match(/: new, realm=/g)?.length ?? 0,
    async [Symbol.asyncDispose]() {
      const ended = once(child, "close");
      child.kill("SIGKILL");
      await ended;
      await rm(folder, { recursive: true });
    },
  };
}

async function listening(child: ChildProcess, log: () => string): Promise<void> {
  const ended = once(child, "close").then(() => {
    throw new Error(`${PROGRAM} ended:\n${log()}`);
  });
  while (!/UDP listener opened on: 127\.0\.0\.1/.test(log())) {
    await Promise.race([once(child.stdout ?? child, "data"), ended]);
  }
  ended.catch(() => {});
}

/** Where others have a road to too, if there is one: what listens there only is answered from there. */
function ownAddress(): string {
  const all = Object.values(networkInterfaces()).flatMap((addresses = []) => addresses);
  return all.find(({ family, internal }) => family === "IPv4" && !internal)?.address ?? LOOPBACK;
}

async function freePort(): Promise<number> {
  const socket = createSocket("udp4").bind(0, LOOPBACK);
  await once(socket, "listening");
  const { port } = socket.address();
  socket.close();
  return port;
}
