/**
 * The part of the package that needs no module of Node: for what runs in browsers too.
 *
 * @packageDocumentation
 */
export {
  MillraceError,
  type MillraceErrorCode,
  type MillraceErrorOptions,
  wrapError,
} from "../errors.ts";
export { abortable } from "../flow/abortable.ts";
export { redactUrl } from "../redact-url.ts";
