import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

const installed = spawnSync("redis-server", ["--version"]).status === 0;

/** Why tests with a Redis cannot run here. */
export const missing: string | undefined = installed
  ? undefined
  : "redis-server is not installed; on Debian: apt-get install redis-server";

/** A Redis of the test's own on loopback. */
export interface RedisServer extends AsyncDisposable {
  readonly url: string;
  /** Kills it and starts it again, with the same folder and port. */
  restart(): Promise<void>;
}

/** Starts a Redis in a folder of its own, on a free port. Its file is written at every command. */
export async function startRedis(): Promise<RedisServer> {
  const folder = await mkdtemp(join(tmpdir(), "millrace-redis-"));
  const port = await freePort();
  let child = await start(folder, port);
  const kill = async (): Promise<void> => {
    const gone = once(child, "exit");
    child.kill("SIGKILL");
    await gone;
  };
  return {
    url: `redis://127.0.0.1:${port}`,
    async restart() {
      await kill();
      child = await start(folder, port);
    },
    async [Symbol.asyncDispose]() {
      await kill();
      await rm(folder, { recursive: true });
    },
  };
}

async function start(folder: string, port: number): Promise<ChildProcess> {
  const flags = ["--bind", "127.0.0.1", "--port", `${port}`, "--dir", folder, "--save", ""];
  const child = spawn(
    "redis-server",
    [...flags, "--appendonly", "yes", "--appendfsync", "always"],
    {
      stdio: "ignore",
    },
  );
  // It must not outlive a test that is killed, nor keep it alive.
  child.unref();
  process.once("exit", () => child.kill("SIGKILL"));
  for (let tries = 0; !(await answers(port)); tries++) {
    if (tries > 200) throw new Error("redis-server does not answer");
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return child;
}

async function answers(port: number): Promise<boolean> {
  const socket = connect(port, "127.0.0.1");
  try {
    await once(socket, "connect");
    socket.write("PING\r\n");
    const [reply] = await once(socket, "data");
    return String(reply).startsWith("+PONG");
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  await once(server.listen(0, "127.0.0.1"), "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  return typeof address === "object" && address !== null ? address.port : 0;
}
