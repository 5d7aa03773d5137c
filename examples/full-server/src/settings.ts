import { resolve } from "node:path";
import type { DatabaseOptions } from "@millrace/vm-sink";
import { z } from "zod";

const MIB = 1024 * 1024;
/** What the environment gives is text. */
const count = (least: number, most: number) => z.coerce.number().int().min(least).max(most);
const flag = z
  .union([z.boolean(), z.enum(["true", "false", "1", "0"])])
  .transform((value) => value === true || value === "true" || value === "1");
const list = z.union([
  z.array(z.string()),
  z.string().transform((text) =>
    text
      .split(",")
      .map((item) => item.trim())
      .filter(Boolean),
  ),
]);
/** A scheme and a host; browsers say neither a path nor a slash behind it. */
const ORIGIN = /^[a-z][a-z\d+.-]*:\/\/[^\s/?#@]+$/;
/** Another spelling of it, in capitals or with the usual port, would never be met. */
const isOrigin = (text: string): boolean =>
  ORIGIN.test(text) && URL.canParse(text) && [text, "null"].includes(new URL(text).origin);
const isAll = (origins: readonly string[]): boolean => origins.length === 1 && origins[0] === "*";
const address = z.url({
  protocol: /^https?$/,
  error: "give an address such as http://localhost:8428",
});

/** Everything that may be set, in the words of the settings file; the environment has `MILLRACE_…`. */
export const serverSettings = z.strictObject({
  /** Loopback unless asked otherwise: an open port needs a token. */
  host: z.string().default("127.0.0.1"),
  /** 0: any free one. */
  port: count(0, 65_535).default(8080),
  /** Uploads, outputs, jobs and checkpoints; several workers share it. */
  dataFolder: z
    .string()
    .default("millrace-data")
    .transform((path) => resolve(path)),
  vmUrl: address.default("http://localhost:8428"),
  vmSelectUrl: address.optional(),
  vmUser: z.string().optional(),
  vmPassword: z.string().optional(),
  vmBearerToken: z.string().optional(),
  /** Where Grafana is for the reader of the page; absent: no links to it. */
  grafanaUrl: address.optional(),
  /** Asked of every caller, as `Authorization: Bearer …`. */
  token: z.string().min(8, "give 8 characters or more").optional(),
  /** Asked of every caller, as basic authentication. */
  user: z.string().optional(),
  password: z.string().min(8, "give 8 characters or more").optional(),
  /** Origins of other pages that may call, or `*` for all; those of this host may anyway. */
  allowedOrigins: list
    .refine((origins) => origins.every(isOrigin) || isAll(origins), {
      error: "give origins such as https://example.org, or * by itself for all",
    })
    .transform((origins): readonly string[] | "*" => (isAll(origins) ? "*" : origins))
    .default([]),
  /** Names under which this server is reached, such as that of a proxy before it; loopback always is one. */
  hosts: list.default([]),
  maxUploadBytes: count(1, Number.MAX_SAFE_INTEGER).default(10 * 1024 * MIB),
  /** Requests a minute and caller. */
  rateLimit: count(1, 1_000_000).default(1_200),
  /** `api` takes requests, `worker` carries out jobs, `all` does both. */
  role: z.enum(["all", "api", "worker"]).default("all"),
  /** Redis or Valkey for several processes: `redis://127.0.0.1:6379`. */
  queueUrl: z.string().optional(),
  /** Jobs at once in this process. */
  concurrency: count(1, 64).default(2),
  /** Folder whose archives are loaded and then deleted. */
  watchFolder: z.string().optional(),
  /** Keep files of the watched folder that are loaded. */
  watchKeep: flag.default(false),
  /** A file of the watched folder is whole when nothing was added to it for so long. */
  watchQuietMs: count(100, 3_600_000).default(5_000),
  /** Attempts before a file of the watched folder goes to quarantine. */
  watchAttempts: count(1, 100).default(3),
  /** Outputs and finished jobs are kept for so long. */
  keepJobsMs: count(60_000, Number.MAX_SAFE_INTEGER).default(7 * 86_400_000),
  /** Largest video that is taken. */
  maxVideoBytes: count(1, Number.MAX_SAFE_INTEGER).default(10 * 1024 * MIB),
  /** Videos that are kept. */
  maxVideos: count(1, 100_000).default(100),
  /** Decoded frames and pictures in memory. */
  videoCacheBytes: count(0, Number.MAX_SAFE_INTEGER).default(256 * MIB),
  /** Decoders that are open at once. */
  videoDecoders: count(1, 64).default(4),
  /** A YOLO model in ONNX format; absent: nothing is detected. */
  videoModel: z.string().optional(),
  /** Names of its classes, in their order; those in the model unless given. */
  videoClasses: list.default([]),
  /** Objects of which the model is less sure are left out. */
  videoMinScore: z.coerce.number().min(0).max(1).default(0.25),
  /** What the model runs on, the best first: execution providers of ONNX Runtime. */
  videoProviders: list
    .refine((names) => names.length > 0, "name one, such as cpu")
    .default(["cpu"]),
  /** Live streams that are open at once. */
  maxStreams: count(1, 1_000).default(16),
  /** Hosts that cameras may be on, as `host`, `host:port` or CIDR; none: no camera is opened. */
  cameraHosts: list.default([]),
  /** Viewers of all streams together. */
  maxViewers: count(1, 100_000).default(200),
  /** A stream that nobody watches ends after so long. */
  streamIdleMs: count(1_000, 86_400_000).default(30_000),
  /** STUN and TURN servers for WebRTC, such as `stun:stun.example.org`; a network of one's own needs none. */
  iceServers: list.default([]),
  /** By which the TURN servers among them know this one. */
  turnUser: z.string().optional(),
  turnPassword: z.string().optional(),
  /** UDP ports for WebRTC, `40000-40100`; absent: any free ones. */
  webrtcPorts: z
    .string()
    .regex(/^\d{1,5}-\d{1,5}$/, "give the first and the last port, such as 40000-40100")
    .transform((text) => text.split("-").map(Number) as [number, number])
    .refine(([first, last]) => first > 0 && first <= last && last <= 65_535, {
      error: "give the first and the last port, such as 40000-40100",
    })
    .optional(),
  /** Addresses at which viewers reach this machine over WebRTC, beside those of its networks. */
  webrtcAddresses: list.default([]),
  logLevel: z.enum(["fatal", "error", "warn", "info", "debug", "silent"]).default("info"),
});

/** Settings of a server, checked and complete. */
export type ServerSettings = z.output<typeof serverSettings>;

/** How the database is reached. */
export function databaseOf(settings: ServerSettings): DatabaseOptions {
  const { vmUrl, vmSelectUrl, vmUser, vmPassword, vmBearerToken } = settings;
  return {
    url: vmUrl,
    ...(vmSelectUrl === undefined ? {} : { selectUrl: vmSelectUrl }),
    ...(vmBearerToken === undefined ? {} : { bearerToken: vmBearerToken }),
    ...(vmUser === undefined || vmPassword === undefined
      ? {}
      : { basic: { username: vmUser, password: vmPassword } }),
  };
}

/** The variables of the environment that are settings. */
export function serverVariables(
  env: Readonly<Record<string, string | undefined>>,
): Record<string, string | undefined> {
  const names = Object.keys(serverSettings.shape).map(
    (key) => `MILLRACE_${key.replace(/[A-Z]/g, "_$&").toUpperCase()}`,
  );
  return Object.fromEntries(names.map((name) => [name, env[name]]));
}
