import { isAbsolute, relative, resolve, sep } from "node:path";
import { MillraceError } from "@millrace/core";
import { createLoadCheck } from "@millrace/vm-sink";
import { isLoopback } from "./origin-guard.ts";
import { databaseOf, type ServerSettings } from "./settings.ts";
import { serverFolders } from "./storage/server-folders.ts";
import { cameraHosts } from "./streaming/camera/camera-hosts.ts";

/** @throws MillraceError INVALID_OPTION when the settings leave the server open to the network, or do not go together */
export function checkSettings(settings: ServerSettings): void {
  const { host, token, user, password, role, queueUrl, dataFolder, watchFolder } = settings;
  const isOpen = token === undefined && user === undefined;
  const refuse = (problem: string): never => {
    throw new MillraceError("INVALID_OPTION", problem);
  };
  if ((user === undefined) !== (password === undefined)) {
    refuse("user and password belong together: give both or neither.");
  }
  if (!isLoopback(host) && isOpen) {
    refuse(
      `host is ${host}, which other machines reach: set a token, so that not everybody can load and delete.`,
    );
  }
  if (settings.allowedOrigins === "*" && isOpen) {
    refuse(
      "allowedOrigins is *, so any page that anybody here opens could load and delete: set a token, or name the origins.",
    );
  }
  if (role !== "all" && queueUrl === undefined) {
    refuse(
      `role is ${role}, so another process does the rest: give queueUrl, which joins the two.`,
    );
  }
  cameraHosts(settings.cameraHosts);
  // Said now, and not by each load.
  createLoadCheck({ ...databaseOf(settings), by: "SN" });
  if (watchFolder !== undefined && isOwn(resolve(watchFolder), dataFolder)) {
    refuse(
      `watchFolder ${watchFolder} and dataFolder ${dataFolder} overlap, so the server would load and delete its own files: give another folder.`,
    );
  }
}

/** Whether archives that the server keeps would be found in the watched folder. */
function isOwn(watched: string, dataFolder: string): boolean {
  if (isWithin(dataFolder, watched)) return true;
  return Object.values(serverFolders(dataFolder)).some((folder) => isWithin(watched, folder));
}

function isWithin(path: string, folder: string): boolean {
  const from = relative(folder, path);
  return from === "" || !(from.split(sep)[0] === ".." || isAbsolute(from));
}
