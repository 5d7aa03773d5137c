// Begins to put an object into the folder at its first argument, says so, and never ends it.
import { folderObjects } from "@millrace/core/objects";

const store = folderObjects({ path: process.argv[2] as string });
await store.put(
  "half",
  (async function* () {
    yield Buffer.from("half of it");
    process.stdout.write("begun\n");
    await new Promise(() => setInterval(() => {}, 1_000));
  })(),
);
