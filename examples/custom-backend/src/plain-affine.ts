import { readFile } from "node:fs/promises";
import { definePlugin, MillraceError } from "@millrace/core";
import type { InferenceBackend, InferenceSession, Tensor } from "@millrace/inference";
import { checkFeeds, fillOutputs, tensor, warmUp } from "@millrace/inference";
import * as v from "valibot";

const Affine = v.object({ scale: v.number(), offset: v.number(), width: v.number() });
const Model = v.pipe(v.string(), v.parseJson(), Affine);

/** Computes `y = scale * x + offset` in JavaScript; a model is a JSON file with those two and the width of `x`. */
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
      const bytes = model instanceof Uint8Array ? model : await readFile(model);
      const { success, output, issues } = v.safeParse(Model, new TextDecoder().decode(bytes));
      if (!success) throw new MillraceError("CORRUPT_INPUT", `plain-affine: ${issues[0].message}`);
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
          const rounded = round ? y.map(Math.round) : y;
          return fillOutputs({ y: tensor("float32", rounded, dims) }, outputs);
        },
        async close() {
          isClosed = true;
        },
        [Symbol.asyncDispose]: () => session.close(),
      };
      await warmUp(session, sizes, signal);
      return session;
    },
  }),
});
export default plainAffine;
