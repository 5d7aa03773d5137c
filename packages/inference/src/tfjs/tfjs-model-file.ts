import { readFile } from "node:fs/promises";
import { dirname, isAbsolute, join, normalize } from "node:path";
import { MillraceError } from "@millrace/core";

/** A model as `tf.io.fromMemory` takes it. */
export interface TfjsArtifacts {
  readonly format: "graph-model" | "layers-model";
  readonly artifacts: object;
}

interface ModelJson {
  readonly format?: string;
  readonly modelTopology?: object;
  readonly weightsManifest?: readonly {
    readonly paths: readonly string[];
    readonly weights: readonly object[];
  }[];
}

/**
 * Reads a `model.json` and the weights beside it, which the library itself reads only by HTTP.
 *
 * @throws MillraceError NOT_FOUND when a file is missing, CORRUPT_INPUT when it is no model, or names files elsewhere
 */
export async function readTfjsModel(path: string): Promise<TfjsArtifacts> {
  const text = new TextDecoder().decode(await read(path));
  const { format, modelTopology, weightsManifest = [], ...others } = parse(text, path);
  if (modelTopology === undefined || !Array.isArray(weightsManifest)) {
    throw corrupt(path, "it has no modelTopology");
  }
  const parts: Uint8Array[] = [];
  for (const file of weightsManifest.flatMap(({ paths }) => paths)) {
    const place = normalize(file);
    if (isAbsolute(place) || place.startsWith(".."))
      throw corrupt(path, `its weights are in ${file}`);
    parts.push(await read(join(dirname(path), place)));
  }
  const weights = Uint8Array.from(Buffer.concat(parts));
  return {
    format: format === "layers-model" ? "layers-model" : "graph-model",
    artifacts: {
      ...others,
      format,
      modelTopology,
      weightSpecs: weightsManifest.flatMap((group) => group.weights),
      weightData: weights.buffer,
    },
  };
}

async function read(path: string): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch (cause) {
    throw new MillraceError("NOT_FOUND", `tfjs: ${path} cannot be read.`, { cause });
  }
}

function parse(text: string, path: string): ModelJson {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null) return value;
  } catch (cause) {
    throw corrupt(path, "it is no JSON", cause);
  }
  throw corrupt(path, "it is no object");
}

function corrupt(path: string, why: string, cause?: unknown): MillraceError {
  return new MillraceError("CORRUPT_INPUT", `tfjs: ${path} is no model.json: ${why}.`, { cause });
}
