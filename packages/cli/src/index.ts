/**
 * The millrace command as a function, for applications that want to offer it as their own.
 *
 * @packageDocumentation
 */
export type { CommandIo, ExitCode, TextOutput } from "./command-io.ts";
export { runCommand } from "./run-command.ts";
