import { join } from "node:path";

/** Folders of the server, all below its data folder. */
export interface ServerFolders {
  /** Uploads that are not complete yet. */
  readonly incoming: string;
  readonly objects: string;
  /** How far each load has come. */
  readonly checkpoints: string;
  /** Files that are being written. */
  readonly work: string;
  /** Videos, each in a folder of its id. */
  readonly videos: string;
}

/** Where they are. */
export function serverFolders(dataFolder: string): ServerFolders {
  return {
    incoming: join(dataFolder, "incoming"),
    objects: join(dataFolder, "objects"),
    checkpoints: join(dataFolder, "checkpoints"),
    work: join(dataFolder, "work"),
    videos: join(dataFolder, "videos"),
  };
}
