// A server of the open inference protocol (KServe v2) for tests, written from its text: it judges every request, and says
// what was wrong with them at /violations. Models compute y = 2x + 1 and echo z. `--no-binary` hides the extension.
import { createServer } from "node:http";

const binary = !process.argv.includes("--no-binary");
const SIZES = { BOOL: 1, UINT8: 1, INT8: 1, INT16: 2, INT32: 4, INT64: 8, FP32: 4, FP64: 8 };
const META = {
  platform: "test",
  versions: ["1"],
  inputs: [{ name: "x", datatype: "FP32", shape: [-1, 4] }],
  outputs: [{ name: "y", datatype: "FP32", shape: [-1, 4] }],
};
const many = ["BOOL", "UINT8", "INT8", "INT16", "INT32", "INT64", "FP64"];
const echo = {
  ...META,
  inputs: many.map((datatype) => ({ name: datatype, datatype, shape: [-1, 2] })),
  outputs: many.map((datatype) => ({ name: datatype, datatype, shape: [-1, 2] })),
};
const MODELS = {
  affine: META,
  echo,
  busy: META,
  always_busy: META,
  failing: META,
  slow: META,
  garbage: META,
  short: META,
  half: { ...META, inputs: [{ name: "x", datatype: "FP16", shape: [-1, 4] }] },
  managed: META,
};
const violations = [];
const counts = {};
const loaded = new Set(Object.keys(MODELS).filter((name) => name !== "managed"));

const server = createServer((request, response) => {
  const parts = [];
  request.on("data", (part) => parts.push(part));
  request.on("end", () => {
    const body = Buffer.concat(parts);
    const answer = (status, value, headers = {}) => {
      const bytes = Buffer.isBuffer(value) ? value : Buffer.from(JSON.stringify(value));
      response.writeHead(status, { "content-type": "application/json", ...headers }).end(bytes);
    };
    try {
      serve(request, body, answer);
    } catch (error) {
      violations.push(`${request.method} ${request.url}: ${error.message}`);
      answer(400, { error: error.message });
    }
  });
});

function serve({ method, url, headers }, body, answer) {
  if (url === "/violations") return answer(200, { violations, counts, loaded: [...loaded] });
  counts[`${method} ${url}`] = (counts[`${method} ${url}`] ?? 0) + 1;
  if (url === "/v2") {
    const extensions = ["model_repository", ...(binary ? ["binary_tensor_data"] : [])];
    return answer(200, { name: "test-server", version: "1.2", extensions });
  }
  const repository = /^\/v2\/repository\/models\/(\w+)\/(load|unload)$/.exec(url);
  if (repository !== null) {
    must(method === "POST", "the repository takes POST");
    if (repository[2] === "load") loaded.add(repository[1]);
    else loaded.delete(repository[1]);
    return answer(200, {});
  }
  const match = /^\/v2\/models\/(\w+)(?:\/versions\/(\w+))?(\/ready|\/infer)?$/.exec(url);
  must(match !== null, "no such path");
  const [, name, version = "1", action] = match;
  if (MODELS[name] === undefined || version !== "1" || !loaded.has(name)) {
    return answer(404, { error: `Request for unknown model: '${name}' version ${version}` });
  }
  must(method === (action === "/infer" ? "POST" : "GET"), `not by ${method}`);
  if (action === "/ready") return answer(200, {});
  if (action === undefined) return answer(200, { name, ...MODELS[name] });
  const feeds = feedsOf(MODELS[name], headers, body);
  const nth = counts[`POST ${url}`];
  if (name === "slow") return undefined;
  if (name === "failing") return answer(500, { error: "out of memory" });
  if (name === "garbage") return answer(200, Buffer.from("<html>"));
  if (name === "always_busy" || (name === "busy" && nth % 3 !== 0)) {
    return answer(503, { error: "try again" });
  }
  send(name, feeds, answer);
}

/** The tensors of a request, each of which has to be as the protocol says. */
function feedsOf(meta, headers, body) {
  must(Number(headers["content-length"]) === body.length, "no content-length");
  const length = headers["inference-header-content-length"];
  const end = length === undefined ? body.length : Number(length);
  must(Number.isInteger(end) && end <= body.length, `inference-header-content-length: ${length}`);
  const type = length === undefined ? "application/json" : "application/octet-stream";
  must(headers["content-type"] === type, `content-type: ${headers["content-type"]}`);
  const { inputs, outputs, ...others } = JSON.parse(body.subarray(0, end).toString());
  must(
    Object.keys(others).every((key) => ["id", "parameters"].includes(key)),
    "an unknown field",
  );
  let at = end;
  const feeds = {};
  for (const { name, shape, datatype, data, parameters } of inputs) {
    const spec = meta.inputs.find((input) => input.name === name);
    must(spec?.datatype === datatype, `${name} is ${datatype}`);
    must(shape.length === 2 && shape[1] === spec.shape[1], `${name} is [${shape}]`);
    const count = shape[0] * shape[1];
    const size = parameters?.binary_data_size;
    must((size === undefined) !== (data === undefined), `${name} has both or neither data`);
    if (size !== undefined) {
      must(binary, "no binary data here");
      must(size === count * SIZES[datatype], `${name} has ${size} bytes`);
      feeds[name] = { shape, datatype, bytes: body.subarray(at, at + size) };
      at += size;
    } else {
      must(Array.isArray(data) && data.length === count, `${name} has not ${count} numbers`);
      const text = body.toString().split(`"name":"${name}"`)[1].split('"data":[')[1].split("]")[0];
      feeds[name] = { shape, datatype, data, text };
    }
  }
  must(at === body.length, `${body.length - at} bytes too many`);
  must(Object.keys(feeds).length === meta.inputs.length, "an input is missing");
  if (length !== undefined) {
    for (const { name, parameters } of outputs) {
      must(
        meta.outputs.some((output) => output.name === name),
        `no output ${name}`,
      );
      must(parameters?.binary_data === true, "an output in JSON");
    }
  }
  return feeds;
}

function send(model, feeds, answer) {
  const results = Object.entries(feeds).map(([name, feed]) => {
    if (model === "echo") return { name, ...feed };
    const { shape, datatype, data, bytes } = feed;
    const x = bytes === undefined ? data : [...new Float32Array(Uint8Array.from(bytes).buffer)];
    const y = x.map((value) => 2 * value + 1);
    return bytes === undefined
      ? { name: "y", shape, datatype, data: y, text: y.join() }
      : { name: "y", shape, datatype, bytes: Buffer.from(Float32Array.from(y).buffer) };
  });
  const outputs = results.map(({ name, shape, datatype, bytes, text }) => {
    const head = `"name":"${name}","shape":[${shape}],"datatype":"${datatype}"`;
    return bytes === undefined
      ? `{${head},"data":[${text}]}`
      : `{${head},"parameters":{"binary_data_size":${bytes.length}}}`;
  });
  const json = Buffer.from(`{"model_name":"${model}","outputs":[${outputs.join()}]}`);
  const parts = results.flatMap(({ bytes }) => (bytes === undefined ? [] : [bytes]));
  if (parts.length === 0) return answer(200, json);
  const all = Buffer.concat([json, ...parts]);
  const short = model === "short" ? all.subarray(0, all.length - 4) : all;
  answer(200, short, {
    "content-type": "application/octet-stream",
    "inference-header-content-length": String(json.length),
  });
}

function must(holds, what) {
  if (!holds) throw new Error(what);
}

server.listen(0, "127.0.0.1", () => console.log(server.address().port));
