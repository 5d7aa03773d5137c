import sevenZip from "7z-wasm";

// Its types say that it is an ES module, and it is none.
const start = sevenZip as unknown as typeof sevenZip.default;

/**
 * A 7z made by 7-Zip itself, in memory.
 *
 * @param options - switches of its command line, such as `-mx=0`
 */
export async function sevenZipBytes(
  files: readonly (readonly [path: string, bytes: Uint8Array])[],
  options: readonly string[] = [],
): Promise<Buffer> {
  const said: string[] = [];
  const note = (line: string): void => {
    said.push(line);
  };
  const program = await start({ print: note, printErr: note });
  const { FS: disk } = program;
  disk.mkdir("/in");
  disk.chdir("/in");
  const top = new Set<string>();
  for (const [path, bytes] of files) {
    const parts = path.split("/");
    top.add(parts[0] as string);
    for (let depth = 1; depth < parts.length; depth++) {
      const folder = parts.slice(0, depth).join("/");
      if (
        !disk
          .readdir(parts.slice(0, depth - 1).join("/") || ".")
          .includes(parts[depth - 1] as string)
      ) {
        disk.mkdir(folder);
      }
    }
    disk.writeFile(path, bytes);
  }
  program.callMain(["a", ...options, "/out.7z", ...top]);
  try {
    return Buffer.from(disk.readFile("/out.7z"));
  } catch {
    throw new Error(said.join("\n"));
  }
}
