import { describe, expect, it } from "vitest";
import { imageInput } from "./image-input.ts";
import { fakeSession } from "./testing/fake-session.ts";

const session = (
  input: readonly (number | string)[],
  metadata: Readonly<Record<string, string>> = {},
) => fakeSession({ input, metadata, outputs: {}, run: () => ({}) });
const fromModel = { size: "model", fit: "letterbox" } as const;
const DYNAMIC = ["batch", 3, "height", "width"];

describe("imageInput", () => {
  it("takes the size that the model declares, then that of its metadata, then 640", () => {
    const metadata = { imgsz: "[384, 512]", stride: "32" };
    expect(imageInput(session([1, 3, 256, 320], metadata), fromModel)).toEqual({
      name: "images",
      width: 320,
      height: 256,
      batchSize: 1,
    });
    expect(imageInput(session(DYNAMIC, metadata), fromModel)).toMatchObject({
      width: 512,
      height: 384,
      batchSize: undefined,
    });
    expect(imageInput(session(DYNAMIC), fromModel)).toMatchObject({ width: 640, height: 640 });
    // How some runtimes report an axis of any size.
    expect(imageInput(session([-1, 3, -1, -1]), fromModel)).toMatchObject({ width: 640 });
  });

  it("takes the size that is asked for, where the model can", () => {
    const asked = (width: number) => ({ size: { width, height: 320 }, fit: "letterbox" }) as const;
    const metadata = { stride: "32" };
    expect(imageInput(session(DYNAMIC, metadata), asked(416))).toMatchObject({
      width: 416,
      height: 320,
    });
    expect(() => imageInput(session(DYNAMIC, metadata), asked(410))).toThrow(
      /whole multiples of 32/,
    );
    expect(() => imageInput(session(DYNAMIC), asked(-1))).toThrow(/whole multiples of 1/);
    expect(() => imageInput(session([1, 3, 320, 320]), asked(416))).toThrow(
      /the model takes 320 only/,
    );
  });

  it("says what the inputs are of a model that takes no pictures", () => {
    expect(() => imageInput(session(["batch", 16_000]), fromModel)).toThrow(
      /it has images: float32 \[batch,16000\]/,
    );
  });
});
