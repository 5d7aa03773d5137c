import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { fileURLToPath } from "node:url";

const MAIN = fileURLToPath(new URL("../src/main.ts", import.meta.url));

/** The server as a process of its own, which can be killed. */
export interface ServerProcess {
  readonly child: ChildProcess;
  /** SIGKILL. */
  kill(): Promise<void>;
  /** SIGTERM; its exit code. */
  stop(): Promise<number | null>;
}

/** Starts it and waits until it takes requests. */
export async function startServerProcess(
  settings: Readonly<Record<string, string>>,
): Promise<ServerProcess> {
  const env = Object.fromEntries(
    Object.entries(settings).map(([key, value]) => [
      `MILLRACE_${key.replace(/[A-Z]/g, "_$&").toUpperCase()}`,
      value,
    ]),
  );
  const child = spawn(process.execPath, ["--conditions=@millrace/source", MAIN], {
    env: { ...process.env, MILLRACE_LOG_LEVEL: "warn", ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const exit = once(child, "exit");
  let said = "";
  child.stdout.on("data", (piece: Buffer) => {
    said += piece;
  });
  await new Promise<void>((resolve, reject) => {
    child.stderr.on("data", (piece: Buffer) => {
      said += piece;
      if (String(piece).includes("millrace: http://")) resolve();
    });
    child.once("exit", () => reject(new Error(`The server ended: ${said}`)));
  });
  return {
    child,
    async kill() {
      child.kill("SIGKILL");
      await exit;
    },
    async stop() {
      child.kill("SIGTERM");
      return (await exit)[0] as number | null;
    },
  };
}

/** A port that nobody uses now. */
export async function freePort(): Promise<string> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  return String(typeof address === "object" && address !== null ? address.port : 0);
}
