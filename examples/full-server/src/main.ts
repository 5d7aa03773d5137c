// node main.js: the server of the containers, with its settings from the environment.
import { MillraceError } from "@millrace/core";
import { runServer } from "./run-server.ts";

try {
  const server = await runServer({ env: process.env, log: process.stdout });
  process.stderr.write(`millrace: ${server.url}\n`);
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.once(signal, () => {
      void server.close();
    });
  }
  // Whoever started the container starts it again.
  server.ended.catch((error: Error) => {
    process.stderr.write(`millrace: ${error.message}\n`);
    process.exitCode = 1;
    void server.close();
  });
} catch (error) {
  if (!MillraceError.is(error)) throw error;
  process.stderr.write(`millrace: ${error.message}\n`);
  process.exitCode = 2;
}
