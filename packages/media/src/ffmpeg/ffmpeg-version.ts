import { execFile } from "node:child_process";
import { MillraceError } from "@millrace/core";

/** What an ffmpeg can do. */
export interface FfmpegAbilities {
  /** Such as `"5.1.9-0+deb12u1"`. */
  readonly version: string;
  /** Names of its decoders. */
  readonly decoders: ReadonlySet<string>;
}

const OLDEST = [5, 1] as const;

/**
 * Asks ffmpeg what it is.
 *
 * @throws MillraceError MISSING_DEPENDENCY when it cannot be started or is older than 5.1
 */
export async function ffmpegAbilities(path: string): Promise<FfmpegAbilities> {
  const [about, list] = await Promise.all([ask(path, "-version"), ask(path, "-decoders")]);
  const version = /^ffmpeg version (\S+)/.exec(about)?.[1] ?? "unknown";
  // Builds from the repository have no such number, and are newer than it.
  const [, major, minor] = /^n?(\d+)\.(\d+)/.exec(version) ?? [];
  if (major !== undefined && Number(major) + Number(minor) / 100 < OLDEST[0] + OLDEST[1] / 100) {
    throw new MillraceError(
      "MISSING_DEPENDENCY",
      `ffmpeg: ${path} is version ${version}; install 5.1 or newer, or name one with the option path.`,
    );
  }
  const decoders = [...list.matchAll(/^ V[.A-Z]{5} (\S+)/gm)].map(([, name]) => name ?? "");
  return { version, decoders: new Set(decoders) };
}

function ask(path: string, question: string): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(path, ["-hide_banner", question], { maxBuffer: 1 << 24 }, (cause, stdout) => {
      if (!cause) {
        resolve(stdout);
        return;
      }
      reject(
        new MillraceError(
          "MISSING_DEPENDENCY",
          `ffmpeg: ${path} cannot be run (${cause.message.trim()}); install it (on Debian: apt-get install ffmpeg), ` +
            "or name it with the option path.",
          { cause },
        ),
      );
    });
  });
}
