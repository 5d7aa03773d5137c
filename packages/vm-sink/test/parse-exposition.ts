/** Reads Prometheus text back, character by character, and shares nothing with the encoder. */
import { sampleText } from "./samples.ts";

/** Every line of the text as sorted sample texts, comparable with `samplesOf`. */
export function expositionSamples(text: string): string[] {
  if (text !== "" && !text.endsWith("\n")) throw new Error("the last line does not end");
  return text.split("\n").slice(0, -1).map(parseLine).sort();
}

function parseLine(line: string): string {
  const characters = [...line];
  let at = 0;
  const until = (end: string): string => {
    let text = "";
    while (characters[at] !== end) {
      if (at >= characters.length) throw new Error(`no ${end} in ${line}`);
      text += characters[at++];
    }
    at += 1;
    return text;
  };
  const labels: Record<string, string> = {};
  labels["__name__"] = until("{");
  while (characters[at] !== "}") {
    const name = until("=");
    if (characters[at++] !== '"') throw new Error(`no quote after ${name} in ${line}`);
    let value = "";
    while (characters[at] !== '"') {
      if (at >= characters.length) throw new Error(`no end of ${name} in ${line}`);
      if (characters[at] !== "\\") {
        value += characters[at++];
        continue;
      }
      const escaped = characters[at + 1] ?? "";
      const meant = { "\\": "\\", '"': '"', n: "\n" }[escaped];
      if (meant === undefined) throw new Error(`\\${escaped} in ${line}`);
      value += meant;
      at += 2;
    }
    at += 1;
    labels[name] = value;
    if (characters[at] === ",") at += 1;
    else if (characters[at] !== "}") throw new Error(`no comma after ${name} in ${line}`);
  }
  const [empty, value, time, ...rest] = characters
    .slice(at + 1)
    .join("")
    .split(" ");
  if (empty !== "" || rest.length > 0) throw new Error(`not one value and one time in ${line}`);
  return sampleText(labels, numberOf(time), numberOf(value));
}

function numberOf(text: string | undefined): number {
  if (!/^-?\d+(\.\d+)?(e[+-]\d+)?$/.test(text ?? "")) throw new Error(`${text} is no number`);
  return Number(text);
}
