import { execFileSync } from "node:child_process";

/** Debian's build does not tell its version, but the package manager knows it. */
export function serverName(binary: string): string {
  try {
    const owner = dpkgQuery("-S", binary).split(":")[0];
    const line = dpkgQuery("-W", owner ?? "");
    const version = line.trim().split("\t")[1];
    return `VictoriaMetrics ${version} (${binary})`;
  } catch {
    return binary;
  }
}

function dpkgQuery(option: string, name: string): string {
  const stdio: ["ignore", "pipe", "ignore"] = ["ignore", "pipe", "ignore"];
  return execFileSync("dpkg-query", [option, name], { encoding: "utf8", stdio });
}
