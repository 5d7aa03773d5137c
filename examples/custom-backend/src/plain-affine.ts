import { readFile } from "node:fs/promises";
import { definePlugin, MillraceError } from "@millrace/core";
import {
  checkFeeds,
  fillOutputs,
  type InferenceBackend,
  type InferenceSession,
  type Tensor,
  tensor,
  warmUp,
} from "@millrace/inference";
import * as v from "valibot";

const Model = v.object({ scale: v.number(), offset: v.number(), width: v.number() });

/** Computes `y = scale * x + offset`, whose numbers are in a JSON file, in JavaScript. */
export const plainAffine = definePlugin({
  kind: "inference-backend",
  name: "plain-affine",
  options: v.strictObject({ round: v.optional(v.boolean(), false) }),
  create: ({ round }): InferenceBackend => ({
    apiVersion: 1,
    name: "plain-affine",
    capabilities: { dynamicAxes: true, preallocatedOutputs: false },
    async load(model, { signal, warmUp: sizes } = {}) {
      signal?.throwIfAborted();
      const text =
        model instanceof Uint8Array
          ? new TextDecoder().decode(model)
          : await readFile(model, "utf8");
      const { success, output } = v.safeParse(v.pipe(v.string(), v.parseJson(), Model), text);
      if (!success)
        throw new MillraceError(
          "CORRUPT_INPUT",
          "plain-affine: the model is no JSON of scale, offset and width.",
        );
      const spec = { type: "float32", dims: ["batch", output.width] } as const;
      let isClosed = false;
      const session: InferenceSession = {
        inputs: [{ name: "x", ...spec }],
        outputs: [{ name: "y", ...spec }],
        device: { runtime: "JavaScript", kind: "cpu", gpu: false },
        metadata: {},
        async run(feeds, { signal: abort, outputs } = {}) {
          abort?.throwIfAborted();
          if (isClosed) throw new MillraceError("CLOSED", "plain-affine: the session was closed.");
          checkFeeds(session.inputs, feeds);
          const { data, dims } = feeds["x"] as Tensor<"float32">;
          const y = data.map((x) => output.scale * x + output.offset);
          // Whoever aborts in the same turn is still heard.
          await new Promise(setImmediate);
          abort?.throwIfAborted();
          return fillOutputs(
            { y: tensor("float32", round ? y.map(Math.round) : y, dims) },
            outputs,
          );
        },
        close: async () => void (isClosed = true),
        [Symbol.asyncDispose]: () => session.close(),
      };
      await warmUp(session, sizes, signal);
      return session;
    },
  }),
});
export default plainAffine;
