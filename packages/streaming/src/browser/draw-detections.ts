import type { PageContext } from "./page.ts";
import type { ShownFrame } from "./player.ts";

/** A thing that was found in a frame. */
export interface DrawnDetection {
  readonly label?: string;
  /** 0 to 1. */
  readonly score?: number;
  /** Pixels of the picture that it was found in. */
  readonly box: {
    readonly x: number;
    readonly y: number;
    readonly width: number;
    readonly height: number;
  };
}

/** What {@link drawDetections} may be told. */
export interface DrawDetectionsOptions {
  /** Size of the pictures that the boxes are about. @defaultValue that of the canvas */
  readonly width?: number;
  readonly height?: number;
  /** Kind of data that is drawn. @defaultValue `"detections"` */
  readonly kind?: string;
  /** @defaultValue `"#00e05a"` */
  readonly color?: string;
  /** Of lines, in pixels of the canvas. @defaultValue 2 */
  readonly lineWidth?: number;
  /** Of labels, in pixels of the canvas. @defaultValue 14 */
  readonly fontSize?: number;
  /** @defaultValue label and score in per cent */
  readonly text?: (detection: DrawnDetection) => string;
  /** Whether to wipe the canvas first, as one that lies over a video wants it. @defaultValue true */
  readonly clear?: boolean;
}

/**
 * Draws the boxes that belong to the frame which has just been shown, and none of another frame: to be called from
 * `onFrame`, with a canvas that lies over the picture.
 *
 * @returns what was drawn
 */
export function drawDetections(
  context: PageContext,
  frame: Pick<ShownFrame, "data">,
  options: DrawDetectionsOptions = {},
): readonly DrawnDetection[] {
  const { canvas } = context;
  const { width = canvas.width, height = canvas.height, kind = "detections" } = options;
  const { color = "#00e05a", lineWidth = 2, fontSize = 14 } = options;
  const { text = labelOf, clear = true } = options;
  if (clear) context.clearRect(0, 0, canvas.width, canvas.height);
  const scaleX = canvas.width / width;
  const scaleY = canvas.height / height;
  const found = frame.data
    .filter((item) => item.kind === kind)
    .flatMap(({ value }): readonly unknown[] => (Array.isArray(value) ? value : []))
    .filter(isDetection);
  context.lineWidth = lineWidth;
  context.font = `${fontSize}px sans-serif`;
  for (const detection of found) {
    const { box } = detection;
    const [x, y] = [box.x * scaleX, box.y * scaleY];
    context.strokeStyle = color;
    context.strokeRect(x, y, box.width * scaleX, box.height * scaleY);
    const label = text(detection);
    if (label === "") continue;
    // Above the box where there is room, else in it; whole, also at the right edge.
    const [wide, tall] = [context.measureText(label).width + 6, fontSize + 4];
    const left = Math.max(0, Math.min(x, canvas.width - wide));
    const top = y >= tall ? y - tall : y;
    context.fillStyle = color;
    context.fillRect(left, top, wide, tall);
    context.fillStyle = "#000";
    context.fillText(label, left + 3, top + fontSize);
  }
  return found;
}

function labelOf({ label = "", score }: DrawnDetection): string {
  return score === undefined ? label : `${label} ${Math.round(score * 100)} %`.trim();
}

function isDetection(value: unknown): value is DrawnDetection {
  const box = (value as Partial<DrawnDetection> | null)?.box;
  return (
    typeof box === "object" &&
    [box?.x, box?.y, box?.width, box?.height].every((side) => Number.isFinite(side))
  );
}
