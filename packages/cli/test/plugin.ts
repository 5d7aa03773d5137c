/** Code to put into a plugin; what is left out does its job. */
export interface PluginCode {
  /** Before everything else. */
  readonly top?: string;
  /** Instead of creating a sink. */
  readonly create?: string;
  /** At the beginning of a method. */
  readonly open?: string;
  readonly write?: string;
  readonly close?: string;
  readonly abort?: string;
  /** Replaces members of the writer: `write: undefined`. */
  readonly members?: string;
}

/** What never settles and keeps nothing alive. */
export const NEVER = "await new Promise(() => {});";

/**
 * A sink as a user writes it: in TypeScript, in a folder without an installation, with a watermark that is
 * subscribable and no more. Its `options` may hold a `path`.
 */
export function sinkPlugin(code: PluginCode = {}): string {
  const { top = "", create = "", open = "", write = "", close = "", abort = "" } = code;
  return `
import { appendFileSync, mkdirSync, rmSync } from "node:fs";
${top}
export default {
  apiVersion: 1, kind: "sink", name: "mine", accepts: "series-batch",
  async create(options: { path: string }) {
    ${create}
    return {
      apiVersion: 1, name: "mine", capabilities: { durable: false, resume: false },
      async open() {
        ${open}
        let [items, tell] = [0, (_: unknown): void => {}];
        return {
          watermark$: { subscribe(observer: { next(value: unknown): void }) {
            tell = (value) => observer.next(value);
            tell({ accepted: 0, durable: 0 });
            return { unsubscribe() {} };
          } },
          async write(batch: { values: { length: number } }) {
            ${write}
            items += 1;
            tell({ accepted: items, durable: 0 });
          },
          async close() { ${close} },
          async abort() { ${abort} },
          async [Symbol.asyncDispose]() {},
          ${code.members ?? ""}
        };
      },
    };
  },
};
`;
}
