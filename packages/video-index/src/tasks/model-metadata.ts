import { type PythonLiteral, parsePythonLiteral } from "./python-literal.ts";

/** What the exporter wrote into a model about it, as far as it could be read. */
export interface ModelMetadata {
  /** Class names by class number; empty where the model does not tell. */
  readonly names: readonly string[];
  /** `"detect"`, `"segment"` and so on. */
  readonly task: string | undefined;
  /** The input's width and height must be multiples of it. */
  readonly stride: number | undefined;
  /** Pixels of the input. */
  readonly imageSize: { readonly width: number; readonly height: number } | undefined;
  /** Whether the outputs are final boxes, with non-maximum suppression inside or none needed. */
  readonly endToEnd: boolean | undefined;
}

const MOST_CLASSES = 100_000;
const MOST_PIXELS = 16_384;

/**
 * Reads the metadata that Ultralytics' exporter writes (`names`, `task`, `stride`, `imgsz`, `end2end`, `args`).
 * Whatever is absent or damaged is left out: the text is untrusted.
 *
 * @param metadata - `InferenceSession.metadata`
 */
export function readModelMetadata(metadata: Readonly<Record<string, string>>): ModelMetadata {
  const literal = (key: string): PythonLiteral | undefined => {
    const text = Object.hasOwn(metadata, key) ? metadata[key] : undefined;
    return text === undefined ? undefined : parsePythonLiteral(text);
  };
  const task = Object.hasOwn(metadata, "task") ? metadata["task"] : undefined;
  const stride = literal("stride");
  const args = literal("args");
  const flags = [
    literal("end2end"),
    literal("nms"),
    ...(args instanceof Map ? [args.get("nms"), args.get("end2end")] : []),
  ].filter((flag) => typeof flag === "boolean");
  return {
    names: classNames(literal("names")),
    task: task !== undefined && /^[a-z]{1,20}$/.test(task) ? task : undefined,
    stride: isSize(stride) ? stride : undefined,
    imageSize: imageSize(literal("imgsz")),
    endToEnd: flags.length === 0 ? undefined : flags.includes(true),
  };
}

function classNames(value: PythonLiteral | undefined): readonly string[] {
  const entries: readonly (readonly [unknown, unknown])[] =
    value instanceof Map ? [...value] : Array.isArray(value) ? [...value.entries()] : [];
  const names: string[] = [];
  for (const [key, name] of entries) {
    const classId = Number(key);
    if (!Number.isInteger(classId) || classId < 0 || classId >= MOST_CLASSES) return [];
    names[classId] = String(name);
  }
  // A gap, which a sparse dict leaves, gets a name of its own.
  return Array.from(names, (name, classId) => name ?? `class ${classId}`);
}

function imageSize(value: PythonLiteral | undefined): ModelMetadata["imageSize"] {
  // Height comes first.
  const [height, width] = Array.isArray(value) ? value : [value, value];
  return isSize(height) && isSize(width) ? { width, height } : undefined;
}

function isSize(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) > 0 && (value as number) <= MOST_PIXELS;
}
