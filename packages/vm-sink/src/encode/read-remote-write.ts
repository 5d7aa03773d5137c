import type { SeriesSamples } from "@millrace/core";

/**
 * Reads a remote-write message that {@link remoteWrite} wrote, back into series: for the rare body that
 * was refused or whose fate is unknown.
 */
export function readRemoteWrite(message: Buffer): readonly SeriesSamples[] {
  const series: SeriesSamples[] = [];
  eachField(message, (_field, record) => {
    const labels: Record<string, string> = {};
    const timesMs: number[] = [];
    const values: number[] = [];
    eachField(record, (field, content) => {
      if (field === 1) {
        const parts: string[] = [];
        eachField(content, (_part, text) => parts.push(text.toString("utf8")));
        const [name = "", value = ""] = parts;
        labels[name] = value;
      } else {
        // A sample: tag, double, tag, varint of six bytes.
        values.push(content.readDoubleLE(1));
        timesMs.push(readVarint(content, 10).value);
      }
    });
    series.push({
      labels,
      timesMs: Float64Array.from(timesMs),
      values: Float64Array.from(values),
    });
  });
  return series;
}

/** Every field of this message is length-delimited. */
function eachField(message: Buffer, visit: (field: number, content: Buffer) => void): void {
  let at = 0;
  while (at < message.length) {
    const field = (message[at] as number) >> 3;
    const { value: length, end } = readVarint(message, at + 1);
    visit(field, message.subarray(end, end + length));
    at = end + length;
  }
}

function readVarint(bytes: Buffer, from: number): { value: number; end: number } {
  let value = 0;
  let scale = 1;
  let at = from;
  while (true) {
    const byte = bytes[at++] as number;
    value += (byte & 0x7f) * scale;
    scale *= 0x80;
    if (byte < 0x80) return { value, end: at };
  }
}
