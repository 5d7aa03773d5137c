import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { lockFile } from "./file-lock.ts";

describe("lockFile", () => {
  let folder: string;
  let path: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "millrace-lock-"));
    path = join(folder, "checkpoint");
  });
  afterEach(() => rm(folder, { recursive: true }));

  it("refuses a second holder by name, and lets it in afterwards", async () => {
    const first = await lockFile(path, "The checkpoint");
    await expect(lockFile(path, "The checkpoint")).rejects.toThrow(
      `The checkpoint is in use by process ${process.pid} on ${hostname()}`,
    );
    await first[Symbol.asyncDispose]();
    await (await lockFile(path, "The checkpoint"))[Symbol.asyncDispose]();
    await expect(readFile(`${path}.lock`)).rejects.toThrow("ENOENT");
  });

  it("takes over the lock of a process that was killed", async () => {
    const child = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"]);
    await once(child, "spawn");
    const holder = { pid: child.pid, host: hostname(), started: null, token: "theirs" };
    await writeFile(`${path}.lock`, JSON.stringify(holder));
    await expect(lockFile(path, "It")).rejects.toThrow(`process ${child.pid}`);
    child.kill("SIGKILL");
    await once(child, "exit");
    await (await lockFile(path, "It"))[Symbol.asyncDispose]();
  });

  it("does not take a new process with an old number for the holder", async () => {
    const holder = { pid: process.pid, host: hostname(), started: "1", token: "theirs" };
    await writeFile(`${path}.lock`, JSON.stringify(holder));
    if (process.platform === "linux") {
      await (await lockFile(path, "It"))[Symbol.asyncDispose]();
    } else {
      await expect(lockFile(path, "It")).rejects.toThrow("in use");
    }
  });

  it("believes a holder on another machine to be alive", async () => {
    const holder = { pid: 1, host: "elsewhere", started: null, token: "theirs" };
    await writeFile(`${path}.lock`, JSON.stringify(holder));
    await expect(lockFile(path, "It")).rejects.toThrow("process 1 on elsewhere");
  });

  it("takes over a lock whose maker died before writing it", async () => {
    await writeFile(`${path}.lock`, "");
    await (await lockFile(path, "It"))[Symbol.asyncDispose]();
  });

  it("lets one in of many that come at once upon a dead lock", async () => {
    const holder = { pid: 2 ** 22 + 1, host: hostname(), started: null, token: "theirs" };
    await writeFile(`${path}.lock`, JSON.stringify(holder));
    const tries = await Promise.allSettled(Array.from({ length: 8 }, () => lockFile(path, "It")));
    expect(tries.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
  });
});
