import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:https";
import { type AddressInfo, createServer as createPlainServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Certificate, missingOpenssl, selfSigned } from "../test/certificates.ts";
import { metricsPage } from "../test/fake-database.ts";
import { bodies, loadInto } from "../test/fake-load.ts";
import { binary, missing } from "../test/real-database.ts";
import { START_MS } from "../test/samples.ts";
import { countSamples } from "./count-samples.ts";
import { startVictoriaMetrics, type VictoriaMetricsServer } from "./server/index.ts";

const lacking = missing ?? missingOpenssl;
const title = lacking === undefined ? "TLS" : `TLS (skipped: ${lacking})`;

describe.skipIf(lacking !== undefined)(title, () => {
  let folder: string;
  let certificate: Certificate;
  let database: VictoriaMetricsServer;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "millrace-tls-"));
    certificate = await selfSigned(folder, "db.test");
    const { certPath, keyPath } = certificate;
    const flags = ["-tls", `-tlsCertFile=${certPath}`, `-tlsKeyFile=${keyPath}`];
    database = await startVictoriaMetrics({ ...binary, flags });
  });
  afterAll(async () => {
    await database?.stop();
    await rm(folder, { recursive: true });
  });

  const range = { labels: { job: "test" }, fromMs: START_MS, toMs: START_MS + 1e9 };

  it("carries a load and its count to a server whose certificate is given as authority", async () => {
    const { url } = database;
    const tls = { ca: certificate.cert };
    const { result } = await loadInto(url, bodies(5), { tls, durability: "snapshot" });
    expect(result.samples).toBe(5 * 210);
    expect(result.durableMs).toBeGreaterThan(0);
    expect(await countSamples({ url, tls, ...range })).toBe(5 * 210);
    expect(await countSamples({ url, tls: { insecureSkipVerify: true }, ...range })).toBe(5 * 210);
  });

  it("checks another name than the address, if told to", async () => {
    const named = { ca: certificate.cert, serverName: "db.test" };
    expect(await countSamples({ url: database.url, tls: named, ...range })).toBe(5 * 210);
    const wrong = { ca: certificate.cert, serverName: "other.test" };
    await expect(loadInto(database.url, bodies(1), { tls: wrong })).rejects.toMatchObject({
      code: "REMOTE_FAILED",
      retryable: false,
      message: expect.stringContaining("is for another name"),
    });
  });

  it("says what to do about a certificate that signed itself", async () => {
    await expect(loadInto(database.url, bodies(1))).rejects.toMatchObject({
      code: "REMOTE_FAILED",
      retryable: false,
      message: expect.stringMatching(/signed by nobody that is trusted here .* as tls\.ca\.$/),
    });
  });

  it("shows the client's certificate to a server that wants one", async () => {
    const client = await selfSigned(folder, "client.test");
    const server = createServer(
      {
        cert: certificate.cert,
        key: certificate.key,
        ca: client.cert,
        requestCert: true,
        rejectUnauthorized: true,
      },
      (request, response) => {
        request.resume();
        if (request.url === "/metrics") response.end(metricsPage());
        else response.writeHead(204).end();
      },
    );
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    try {
      const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
      const ca = certificate.cert;
      const tls = { ca, cert: client.cert, key: client.key };
      expect((await loadInto(url, bodies(2), { tls })).result.samples).toBe(2 * 210);
      await expect(loadInto(url, bodies(2), { tls: { ca } })).rejects.toMatchObject({
        message: expect.stringContaining("wants a certificate of this client, give tls.cert"),
      });
    } finally {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
  });

  it("does not try again where its certificate is refused in so many words", async () => {
    // What a TLS server says then: a fatal alert, bad_certificate.
    const alert = Buffer.from([0x15, 3, 3, 0, 2, 2, 42]);
    const server = createPlainServer((socket) => {
      socket.on("error", () => socket.destroy());
      socket.once("data", () => socket.write(alert));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    try {
      await expect(loadInto(`https://127.0.0.1:${port}`, bodies(1))).rejects.toMatchObject({
        code: "REMOTE_FAILED",
        retryable: false,
        message: expect.stringContaining("Give one that it trusts as tls.cert and tls.key."),
      });
    } finally {
      await new Promise((resolve) => server.close(resolve));
    }
  });
});
