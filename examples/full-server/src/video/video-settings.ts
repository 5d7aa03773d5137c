import type { ServerSettings } from "../settings.ts";

/** The settings that concern videos. */
export type VideoSettings = Pick<
  ServerSettings,
  | "dataFolder"
  | "maxVideoBytes"
  | "maxVideos"
  | "rateLimit"
  | "videoCacheBytes"
  | "videoClasses"
  | "videoDecoders"
  | "videoMinScore"
  | "videoModel"
  | "videoProviders"
>;
