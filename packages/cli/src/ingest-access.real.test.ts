import { createReadStream } from "node:fs";
import { stat, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { VictoriaMetricsServer } from "@millrace/vm-sink/server";
import { findVictoriaMetrics, startVictoriaMetrics } from "@millrace/vm-sink/server";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { missingOpenssl, selfSigned } from "../../vm-sink/test/certificates.ts";
import { testFolder } from "../test/archives.ts";
import { startProxy } from "../test/proxy.ts";
import { millrace, startMillrace } from "../test/run-millrace.ts";

const missing = (await findVictoriaMetrics())
  ? missingOpenssl
  : "VictoriaMetrics is not installed: apt-get install victoria-metrics";
if (missing !== undefined) {
  process.stdout.write(`skipped ingest-access.real.test.ts: ${missing}\n`);
}

describe.skipIf(missing !== undefined)("millrace ingest and who it is to the database", () => {
  const folder = testFolder();
  let locked: VictoriaMetricsServer;
  let open: VictoriaMetricsServer;

  beforeAll(async () => {
    const { certPath, keyPath } = await selfSigned(folder.path(), "db.test");
    const tls = ["-tls", `-tlsCertFile=${certPath}`, `-tlsKeyFile=${keyPath}`];
    locked = await startVictoriaMetrics({ flags: tls });
    open = await startVictoriaMetrics();
    await writeFile(folder.path("password"), "hush-hush\n");
    await writeFile(folder.path("token"), "a-secret-token\n");
    await writeFile(folder.path("headers"), "# who asks\nX-Scope-OrgID: 7\n\n");
    await writeFile(folder.path("no-headers"), "a-secret-token\n");
  });
  afterAll(async () => {
    await Promise.all([locked?.stop(), open?.stop()]);
  });

  const load = (args: readonly string[], env: Readonly<Record<string, string>> = {}) =>
    millrace(["ingest", ...args, "--verify"], { cwd: folder.path(), env });

  it("takes user and password from a file or the environment, for the load and its check", async () => {
    const archive = await folder.archive("user.zip");
    await using proxy = await startProxy(open.url, () => "pass");
    const basic = `Basic ${Buffer.from("keeper:hush-hush").toString("base64")}`;
    const named = [archive.path, "--vm-url", proxy.url, "--vm-user", "keeper"];
    const fromFile = await load([...named, "--vm-password-file", "password"]);
    expect(fromFile.code, fromFile.stderr).toBe(0);
    expect(proxy.authorization).toBe(basic);
    const again = await folder.archive("user-again.zip");
    const args = [again.path, "--vm-url", proxy.url, "--vm-user", "keeper"];
    const fromEnvironment = await load(args, { MILLRACE_VM_PASSWORD: "hush-hush" });
    expect(fromEnvironment.code, fromEnvironment.stderr).toBe(0);
    const alone = await load(named);
    expect(alone).toMatchObject({ code: 2, stdout: "" });
    expect(alone.stderr).toContain("--vm-user needs a password: set MILLRACE_VM_PASSWORD");
    for (const { stdout, stderr } of [fromFile, fromEnvironment]) {
      expect(stdout + stderr).not.toContain("hush-hush");
    }
  });

  it("takes a bearer token and further headers from files", async () => {
    const archive = await folder.archive("token.zip");
    await using proxy = await startProxy(open.url, () => "pass");
    const args = [archive.path, "--vm-url", proxy.url, "--vm-headers-file", "headers"];
    const loaded = await load([...args, "--vm-bearer-token-file", "token"]);
    expect(loaded.code, loaded.stderr).toBe(0);
    expect(proxy.authorization).toBe("Bearer a-secret-token");
    const wrong = await load([...args.slice(0, -1), "no-headers"]);
    expect(wrong).toMatchObject({
      code: 2,
      stderr:
        "millrace: --vm-headers-file: line 1 has no colon; write a name, a colon and the value.\n",
    });
    const none = await load([...args, "--vm-bearer-token-file", "absent"]);
    expect(none.code).toBe(2);
    expect(none.stderr).toContain("--vm-bearer-token-file: ");
    expect(none.stderr).toContain("absent cannot be read");
  });

  it("trusts the authority that it is given", async () => {
    const archive = await folder.archive("tls.zip");
    const args = [archive.path, "--vm-url", locked.url];
    const distrusted = await load(args);
    expect(distrusted.code).toBe(1);
    const loaded = await load([...args, "--vm-ca", "db.test.pem"]);
    expect(loaded.code, loaded.stderr).toBe(0);
    expect(loaded.stdout).toContain(`${archive.serial}: the database holds all`);
  });

  it.each([
    ["json", "gzip"],
    ["prometheus", "none"],
    ["remote-write", "auto"],
  ])("sends %s, packed by %s, over as many connections as it finds out", async (format, packed) => {
    const archive = await folder.archive(`${format}.zip`);
    const wire = ["--format", format, "--compression", packed, "--connections", "auto"];
    const loaded = await load([archive.path, "--vm-url", open.url, ...wire]);
    expect(loaded.code, loaded.stderr).toBe(0);
    expect(loaded.stdout).toContain(`${archive.serial}: the database holds all`);
  });

  it("refuses a compression that is not for the format", async () => {
    const archive = await folder.archive("wrong.zip");
    const wrong = await load([archive.path, "--vm-url", open.url, "--compression", "gzip"]);
    expect(wrong.code).toBe(2);
    expect(wrong.stderr).toContain('give "zstd", "none" or "auto"');
  });

  it("goes on with what lies behind a URL, and not when that has changed", async () => {
    const archive = await folder.archive("remote.zip");
    let etag = '"1"';
    const web = createServer(async (request, response) => {
      const { size } = await stat(archive.path);
      const [, from, to] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? "") ?? [];
      const [start, end] = [Number(from), Math.min(Number(to), size - 1)];
      response.writeHead(206, { etag, "content-range": `bytes ${start}-${end}/${size}` });
      createReadStream(archive.path, { start, end }).pipe(response);
    });
    await new Promise<void>((resolve) => web.listen(0, "127.0.0.1", () => resolve()));
    const url = `http://127.0.0.1:${(web.address() as AddressInfo).port}/remote.zip`;
    try {
      let isOpen = false;
      await using proxy = await startProxy(open.url, (number) =>
        isOpen || number <= 3 ? "pass" : "hold",
      );
      const args = [
        ...["ingest", url, "--allow-private-addresses", "--vm-url", proxy.url],
        ...["--batch-size", "300", "--checkpoint", folder.path("url.checkpoint")],
      ];
      const { child, finished } = startMillrace(args);
      await proxy.held;
      child.kill("SIGKILL");
      await finished;
      isOpen = true;
      etag = '"2"';
      const changed = await millrace(args);
      expect(changed.code).toBe(2);
      etag = '"1"';
      const resumed = await millrace([...args, "--verify"]);
      expect(resumed.code, resumed.stderr).toBe(0);
      expect(resumed.stderr).toContain("Going on where a load of the same inputs broke off");
      expect(resumed.stdout).toContain(
        `the database holds all ${archive.samples.toLocaleString("en-US")} samples`,
      );
    } finally {
      web.closeAllConnections();
      web.close();
    }
  });
});
