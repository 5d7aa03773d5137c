import type { TcpCrowdUse } from "./measure-tcp-crowd.ts";

/** Answers each message with what the viewers of this process have seen and used; ends it when nobody asks any more. */
export function tellCrowdUse(seen: () => Pick<TcpCrowdUse, "frames" | "bytes">): void {
  process.on("message", () => {
    const { user, system } = process.cpuUsage();
    const use: TcpCrowdUse = {
      atSeconds: performance.now() / 1_000,
      cpuSeconds: (user + system) / 1e6,
      ...seen(),
    };
    process.send?.(use);
  });
  process.on("disconnect", () => process.exit());
}
