import { sep } from "node:path";

/** A text without the place of the data folder on this machine, which concerns nobody who calls. */
export function hideFolder(text: string, dataFolder: string): string {
  return text.replaceAll(`${dataFolder}${sep}`, "").replaceAll(dataFolder, "the data folder");
}
