/**
 * One server for the products of Millrace.
 *
 * @packageDocumentation
 */
export { runServer } from "./run-server.ts";
export { type RunningServer, startServer } from "./server.ts";
export { type ServerSettings, serverSettings, serverVariables } from "./settings.ts";
