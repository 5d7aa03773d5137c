/** The part of a pino logger that the SDK uses; any object of this shape serves. */
export interface Logger {
  /** Steps that help to follow one run. */
  debug(details: object, message: string): void;
  /** What an operator wants to see of a healthy run. */
  info(details: object, message: string): void;
  /** Something was survived that a person should know about. */
  warn(details: object, message: string): void;
  /** Something failed. */
  error(details: object, message: string): void;
}

const ignore = (): void => {};

/** Says nothing; the default of every package. */
export const silentLogger: Logger = { debug: ignore, info: ignore, warn: ignore, error: ignore };
