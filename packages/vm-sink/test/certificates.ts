/** Certificates for loopback, made by openssl where it is installed. */
import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

/** Why there can be no certificates, or undefined. */
export const missingOpenssl: string | undefined = await run("openssl", ["version"]).then(
  () => undefined,
  () => "openssl is not installed: apt-get install openssl",
);

export interface Certificate {
  readonly certPath: string;
  readonly keyPath: string;
  readonly cert: string;
  readonly key: string;
}

/** A certificate that signed itself, for 127.0.0.1 and the name. */
export async function selfSigned(folder: string, name: string): Promise<Certificate> {
  const [certPath, keyPath] = [join(folder, `${name}.pem`), join(folder, `${name}.key`)];
  await run("openssl", [
    ...["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"],
    ...["-keyout", keyPath, "-out", certPath, "-days", "2", "-subj", `/CN=${name}`],
    ...["-addext", `subjectAltName=DNS:${name},IP:127.0.0.1`],
  ]);
  const [cert, key] = await Promise.all([readFile(certPath, "utf8"), readFile(keyPath, "utf8")]);
  return { certPath, keyPath, cert, key };
}
