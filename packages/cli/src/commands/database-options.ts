import { type Command, Option } from "commander";

/** Adds the options that say where the database is and who asks. Secrets come from files and the environment. */
export function addDatabaseOptions(command: Command): void {
  command
    .option(
      "--vm-url <url>",
      "VictoriaMetrics: base URL or full import URL; of a cluster, the vminsert with its tenant (default: http://localhost:8428)",
    )
    .option("--vm-select-url <url>", "of a cluster, the vmselect with the same tenant")
    .option("--vm-user <name>", "user; the password is in MILLRACE_VM_PASSWORD or the next file")
    .option("--vm-password-file <file>", "file that holds the password")
    .option(
      "--vm-bearer-token-file <file>",
      "file that holds a bearer token; or set MILLRACE_VM_BEARER_TOKEN",
    )
    .option("--vm-headers-file <file>", "file with further headers, a line each: X-Scope-OrgID: 7")
    .option("--vm-ca <file>", "authorities to trust instead of the system's (PEM)")
    .option("--vm-cert <file>", "certificate by which the server knows us (PEM)")
    .option("--vm-key <file>", "key of that certificate (PEM)")
    .option("--vm-server-name <name>", "name in the server's certificate, if not the address's")
    .option("--vm-insecure", "talk to whoever answers, whatever its certificate");
}

/** Adds the options that say how data goes over the wire. */
export function addWireOptions(command: Command): void {
  command
    .addOption(
      new Option(
        "--format <name>",
        "what goes over the wire: remote-write (the default), json, prometheus",
      ).choices(["remote-write", "json", "prometheus"]),
    )
    .addOption(
      new Option(
        "--compression <name>",
        "auto (the default), none, zstd for remote-write, gzip for the others",
      ).choices(["auto", "none", "zstd", "gzip"]),
    )
    .option("--batch-size <n>", "samples a request (default: what fits in 1 MiB)")
    .option(
      "--connections <n>",
      "requests in flight at once, 1 to 64, or auto to find out (default: 3)",
    );
}
