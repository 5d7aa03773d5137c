import { build } from "vite";

/** One file for a browser, as an application's bundler makes it of our sources. */
export async function bundle(entry: string, minify: boolean): Promise<string> {
  const built = await build({
    configFile: false,
    logLevel: "error",
    resolve: { conditions: ["@millrace/source", "module", "browser", "import", "default"] },
    build: {
      write: false,
      minify,
      target: "es2022",
      modulePreload: false,
      rollupOptions: {
        input: entry,
        preserveEntrySignatures: "strict",
        output: { entryFileNames: "page.js" },
      },
    },
  });
  const [output] = Array.isArray(built) ? built : [built];
  if (output === undefined || !("output" in output)) throw new Error("vite built nothing");
  const [chunk, ...others] = output.output;
  if (others.length > 0) throw new Error("one file was expected");
  return chunk.code;
}
