import { existsSync } from "node:fs";
import { chmod, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { findVictoriaMetrics, startVictoriaMetrics } from "./victoria-metrics-server.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "millrace-find-"));
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

/** A program of this name and text in the folder. */
async function program(name: string, text: string): Promise<string> {
  const file = join(folder, name);
  await writeFile(file, text);
  await chmod(file, 0o755);
  return file;
}

describe("findVictoriaMetrics", () => {
  it("finds the first program by either name, in the order of the path", async () => {
    expect(await findVictoriaMetrics(folder)).toBeUndefined();
    const upstream = await program("victoria-metrics-prod", "");
    expect(await findVictoriaMetrics(["/nowhere", "", folder].join(delimiter))).toBe(upstream);
    const debian = await program("victoria-metrics", "");
    expect(await findVictoriaMetrics(folder)).toBe(debian);
  });

  it("passes over a file that is no program", async () => {
    await writeFile(join(folder, "victoria-metrics"), "");
    expect(await findVictoriaMetrics(folder)).toBeUndefined();
  });
});

describe("startVictoriaMetrics without a program that serves", () => {
  it("says how to install it where there is none", async () => {
    await expect(startVictoriaMetrics({ path: folder })).rejects.toMatchObject({
      code: "MISSING_DEPENDENCY",
      message: "VictoriaMetrics is not installed. On Debian: apt-get install victoria-metrics",
    });
  });

  it("names a given program that is not there", async () => {
    const binary = join(folder, "missing");
    await expect(startVictoriaMetrics({ binary })).rejects.toMatchObject({
      code: "MISSING_DEPENDENCY",
      message: expect.stringContaining(binary),
    });
  });

  it("tells the last words of one that ends", async () => {
    const binary = await program("ends", "#!/bin/sh\necho 'no disk left' >&2\nexit 3\n");
    const dataPath = join(folder, "data");
    await expect(startVictoriaMetrics({ binary, dataPath })).rejects.toMatchObject({
      code: "REMOTE_FAILED",
      message: expect.stringContaining("no disk left"),
    });
  });

  it("removes the folder that it made for one that ends", async () => {
    const binary = await program("ends", '#!/bin/sh\necho "$@"\nexit 3\n');
    let message = "";
    await startVictoriaMetrics({ binary }).catch((error: Error) => {
      message = error.message;
    });
    const made = /-storageDataPath=(\S+)/.exec(message)?.[1] ?? "";
    expect(made).toContain("millrace-vm-");
    expect(existsSync(made)).toBe(false);
  });

  it("ends one that does not answer in time", async () => {
    const pidFile = join(folder, "pid");
    const binary = await program(
      "sleeps",
      `#!/bin/sh\necho $$ > ${pidFile}\necho warming up >&2\nexec sleep 60\n`,
    );
    await expect(
      startVictoriaMetrics({ binary, dataPath: folder, startTimeoutMs: 400 }),
    ).rejects.toMatchObject({
      code: "TIMEOUT",
      message: expect.stringContaining("did not answer within 0.4 s: warming up"),
    });
    const pid = Number(await readFile(pidFile, "utf8"));
    expect(() => process.kill(pid, 0)).toThrow(expect.objectContaining({ code: "ESRCH" }));
    expect(await readdir(folder), "a folder that was given stays").toContain("sleeps");
  });

  it("takes another port where the one it chose is taken meanwhile", async () => {
    const tried = join(folder, "tried");
    const binary = await program(
      "loses-the-port",
      `#!/bin/sh\necho "$2" >> ${tried}\necho "bind: address already in use" >&2\nexit 1\n`,
    );
    await expect(startVictoriaMetrics({ binary, dataPath: folder })).rejects.toMatchObject({
      code: "REMOTE_FAILED",
      message: expect.stringContaining("address already in use"),
    });
    const ports = (await readFile(tried, "utf8")).trim().split("\n");
    expect(ports).toHaveLength(5);
    expect(new Set(ports).size).toBeGreaterThan(1);
  });

  it("does not wait for one that took its port and never answers", async () => {
    const tried = join(folder, "tried");
    const silent = `require("node:http").createServer(() => {}).listen(+process.argv[1], "127.0.0.1", () => console.log("there"));
      setTimeout(() => process.exit(), 8000);`;
    const binary = await program(
      "loses-to-a-silent-one",
      `#!${process.execPath}
const fs = require("node:fs");
const port = process.argv[3].split(":")[1];
if (!fs.existsSync(${JSON.stringify(tried)})) {
  fs.writeFileSync(${JSON.stringify(tried)}, "");
  const other = require("node:child_process").spawn(
    process.execPath, ["-e", ${JSON.stringify(silent)}, port], { detached: true, stdio: ["ignore", "pipe", "ignore"] });
  other.stdout.once("data", () => setTimeout(() => {
    console.error("bind: address already in use");
    process.exit(1);
  }, 300));
} else require("node:http").createServer((q, s) => s.end("OK")).listen(+port, "127.0.0.1");
`,
    );
    await using server = await startVictoriaMetrics({
      binary,
      dataPath: folder,
      startTimeoutMs: 6_000,
    });
    expect((await fetch(`${server.url}/health`)).status).toBe(200);
  });

  it.each([
    {
      other: "is another database",
      answer: "(q, s) => s.end(q.url === '/flags' ? '-storageDataPath=\"/theirs\"\\n' : 'OK')",
    },
    { other: "never answers", answer: "() => {}" },
  ])("does not take for its own what $other on that port", async ({ answer }) => {
    const binary = await program(
      "other",
      `#!${process.execPath}
const port = Number(process.argv[3].split(":")[1]);
require("node:http").createServer(${answer}).listen(port, "127.0.0.1");
`,
    );
    await expect(
      startVictoriaMetrics({ binary, dataPath: folder, startTimeoutMs: 900 }),
    ).rejects.toMatchObject({ code: "TIMEOUT" });
  });
});
