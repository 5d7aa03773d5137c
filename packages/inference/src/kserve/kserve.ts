import { MillraceError } from "@millrace/core";
import { checkFeeds } from "../check-feeds.ts";
import { fillOutputs } from "../fill-outputs.ts";
import type { InferenceBackend, InferenceSession, TensorSpec } from "../inference-backend.ts";
import { warmUp } from "../warm-up.ts";
import { inferAnswer, inferBody, JSON_LENGTH, typeOfDatatype } from "./infer-body.ts";
import { type KserveClient, kserveClient } from "./kserve-client.ts";
import type { KserveOptions } from "./kserve-options.ts";

interface TensorJson {
  readonly name: string;
  readonly datatype: string;
  readonly shape: readonly number[];
}

interface ServerJson {
  readonly name?: string;
  readonly version?: string;
  readonly extensions?: readonly string[];
}

interface ModelJson {
  readonly inputs?: readonly TensorJson[];
  readonly outputs?: readonly TensorJson[];
  readonly platform?: string;
  readonly versions?: readonly string[];
}

const BINARY = "binary_tensor_data";

/**
 * Runs models on a server that speaks the open inference protocol (KServe v2) by HTTP, such as Triton. A model is
 * loaded by its name there, and has to be ready.
 *
 * @example
 * ```ts no-run
 * import { tensor } from "@millrace/inference";
 * import { kserve } from "@millrace/inference/kserve";
 *
 * await using session = await kserve({ url: "http://localhost:8000" }).load("detector");
 * const images = tensor("float32", new Float32Array(3 * 640 * 640), [1, 3, 640, 640]);
 * const { output0 } = await session.run({ images });
 * ```
 * @throws MillraceError INVALID_OPTION when the URL is none
 */
export function kserve(options: KserveOptions): InferenceBackend {
  // Made here, so that a wrong URL is told at once.
  void kserveClient(options).close();
  return {
    apiVersion: 1,
    name: "kserve",
    capabilities: { dynamicAxes: true, preallocatedOutputs: false },
    async load(model, { signal, warmUp: sizes } = {}) {
      signal?.throwIfAborted();
      if (typeof model !== "string" || model === "" || /[/\\?#]/.test(model)) {
        throw new MillraceError(
          "INVALID_OPTION",
          "kserve: a model is given by its name on the server, not by a path, a URL or bytes.",
        );
      }
      const client = kserveClient(options);
      try {
        const session = await openSession(client, options, model, signal);
        await warmUp(session, sizes, signal);
        return session;
      } catch (error) {
        await client.close();
        throw error;
      }
    },
  };
}

async function openSession(
  client: KserveClient,
  { version, binary = "auto", manageModels = false }: KserveOptions,
  model: string,
  signal: AbortSignal | undefined,
): Promise<InferenceSession> {
  const path = `/v2/models/${encodeURIComponent(model)}${version === undefined ? "" : `/versions/${encodeURIComponent(version)}`}`;
  const repository = `/v2/repository/models/${encodeURIComponent(model)}`;
  const post = { method: "POST", repeatable: true } as const;
  if (manageModels) await client.send({ ...post, path: `${repository}/load`, signal });
  const [server, metadata] = await Promise.all([
    question<ServerJson>(client, "/v2", signal),
    question<ModelJson>(client, path, signal),
    ready(client, `${path}/ready`, model, signal),
  ]);
  const inputs = specsOf(metadata.inputs, model);
  const outputs = specsOf(metadata.outputs, model);
  const isBinary = binary === "auto" ? (server.extensions ?? []).includes(BINARY) : binary;

  const running = new Set<Promise<unknown>>();
  let closing: Promise<void> | undefined;
  const end = async (): Promise<void> => {
    await Promise.allSettled(running);
    try {
      if (manageModels) await client.send({ ...post, path: `${repository}/unload` });
    } finally {
      await client.close();
    }
  };
  const close = (): Promise<void> => {
    closing ??= end();
    return closing;
  };

  return {
    inputs,
    outputs,
    device: {
      runtime: `${server.name ?? "a server"} ${server.version ?? "of unknown version"}`,
      kind: "remote",
      gpu: false,
    },
    metadata: metadata.platform === undefined ? {} : { platform: String(metadata.platform) },
    async run(feeds, { signal: abort, outputs: given } = {}) {
      abort?.throwIfAborted();
      if (closing !== undefined) {
        throw new MillraceError("CLOSED", "kserve: the session was closed; load the model again.");
      }
      checkFeeds(inputs, feeds);
      const { body, headers } = inferBody(feeds, outputs, isBinary);
      const sending = client.send({
        ...{ method: "POST", path: `${path}/infer`, body, headers, signal: abort },
        repeatable: false,
      });
      running.add(sending);
      try {
        const answer = await sending;
        return fillOutputs(inferAnswer(answer.bytes, answer.headers.get(JSON_LENGTH)), given);
      } finally {
        running.delete(sending);
      }
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

async function question<T>(
  client: KserveClient,
  path: string,
  signal: AbortSignal | undefined,
): Promise<T> {
  const { bytes } = await client.send({ method: "GET", path, signal, repeatable: true });
  try {
    const value: unknown = JSON.parse(new TextDecoder().decode(bytes));
    if (typeof value === "object" && value !== null) return value as T;
  } catch {
    // Told below.
  }
  throw new MillraceError(
    "REMOTE_FAILED",
    `kserve: ${client.where}${path} answers no JSON object; is it a KServe v2 server?`,
  );
}

async function ready(
  client: KserveClient,
  path: string,
  model: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  const { bytes } = await client.send({ method: "GET", path, signal, repeatable: true });
  // Triton answers with the status alone, others with a word as well.
  if (!/"?ready"?\s*:\s*false/.test(new TextDecoder().decode(bytes))) return;
  throw new MillraceError("REMOTE_FAILED", `kserve: the model "${model}" is not ready.`, {
    retryable: true,
  });
}

function specsOf(tensors: readonly TensorJson[] | undefined, model: string): readonly TensorSpec[] {
  if (!Array.isArray(tensors)) {
    throw new MillraceError("REMOTE_FAILED", `kserve: the metadata of "${model}" name no tensors.`);
  }
  return tensors.map(({ name, datatype, shape }: TensorJson) => {
    const type = typeOfDatatype(datatype);
    if (type === undefined) {
      throw new MillraceError(
        "UNSUPPORTED",
        `kserve: "${name}" of the model "${model}" is ${datatype}; only numbers from 8 bits and bools are taken, and no FP16.`,
      );
    }
    // The protocol has no names for axes.
    const dims = shape.map((size, i) => (size >= 0 ? size : i === 0 ? "batch" : ""));
    return { name, type, dims };
  });
}
