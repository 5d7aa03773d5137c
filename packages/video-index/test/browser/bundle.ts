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
      lib: { entry, formats: ["es"], fileName: "bundle" },
    },
  });
  const [output] = Array.isArray(built) ? built : [built];
  if (output === undefined || !("output" in output)) throw new Error("vite built nothing");
  const [chunk] = output.output;
  return chunk.code;
}
