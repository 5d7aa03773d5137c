import { build } from "vite";

/** A file of a bundle. */
export interface BundleFile {
  readonly name: string;
  readonly code: string;
}

/** Files for a browser, as an application's bundler makes them of our sources; the entry comes first. */
export async function bundle(entry: string, minify: boolean): Promise<readonly BundleFile[]> {
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
        output: { entryFileNames: "page.js", chunkFileNames: "[name].js" },
      },
    },
  });
  const [output] = Array.isArray(built) ? built : [built];
  if (output === undefined || !("output" in output)) throw new Error("vite built nothing");
  return output.output.flatMap((file) =>
    file.type === "chunk" ? [{ name: file.fileName, code: file.code }] : [],
  );
}
