// ONNX Runtime with providers that are not there: "wrong" answers otherwise than cpu, "right" alike, and "deadly" ends
// the thread. Set `module` of onnx() to this file.
import * as runtime from "onnxruntime-node";

export const { env, Tensor } = runtime;

export const InferenceSession = {
  async create(model, options) {
    const [provider] = options.executionProviders;
    const session = await runtime.InferenceSession.create(model, {
      ...options,
      executionProviders: ["cpu"],
    });
    if (!["wrong", "right", "deadly"].includes(provider)) return session;
    return {
      inputMetadata: session.inputMetadata,
      outputMetadata: session.outputMetadata,
      release: () => session.release(),
      async run(feeds, fetches) {
        if (provider === "deadly" && Object.values(feeds).some(({ data }) => data[0] === 666)) {
          process.exit(3);
        }
        const results = await session.run(feeds, fetches);
        for (const { data } of Object.values(results)) data[0] += provider === "wrong" ? 0.5 : 1e-6;
        return results;
      },
    };
  },
};
