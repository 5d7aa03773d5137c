import type { DatHeader } from "./dat-file.ts";
import { readFileName } from "./file-name.ts";
import { checkName } from "./name-length.ts";

/** Which array and controller wrote a file. */
export interface FileOwner {
  readonly serial: string;
  readonly model: string;
  /** `SP0`; empty where no name tells. */
  readonly controller: string;
}

/** A header's serial is used only where it looks like one: its text may be damaged. */
const PLAUSIBLE_SERIAL = /^(?:SN_)?([0-9A-Z]{8,})$/;

/**
 * The owner of a file: by its packed name, else by its own name, else by its header.
 *
 * Every file is asked for itself, since one archive may hold several arrays.
 *
 * @throws MillraceError CORRUPT_INPUT when the serial is longer than any name
 */
export function fileOwner(header: DatHeader, memberPath: string, path: string): FileOwner {
  const outer = readFileName(memberPath);
  const inner = readFileName(path);
  const fromHeader = PLAUSIBLE_SERIAL.exec(header.serial)?.[1];
  const serial = outer.serial ?? inner.serial ?? fromHeader ?? "UNKNOWN_SN";
  checkName("The array", serial);
  return {
    serial,
    model: header.model,
    controller: outer.controller ?? inner.controller ?? "",
  };
}
