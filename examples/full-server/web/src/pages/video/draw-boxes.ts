import type { Detection } from "../../api/video-types.ts";

const COLORS = 8;
/** Pixels of the page. */
const LETTERS = 13;
const LINE = 2;

/** Draws boxes with names over a picture of `width` pixels across, in the colours of these pages. */
export function drawBoxes(
  canvas: HTMLCanvasElement,
  detections: readonly Detection[],
  width: number,
  height: number,
): void {
  // Small pictures are drawn larger, so that lines and letters stay fine.
  const scale = Math.max(1, Math.round(1_280 / width));
  canvas.width = width * scale;
  canvas.height = height * scale;
  const context = canvas.getContext("2d");
  if (context === null) return;
  // As large on the page whatever size the video has.
  const pagePixel = canvas.width / (canvas.clientWidth || canvas.width);
  const letters = LETTERS * pagePixel;
  context.lineWidth = LINE * pagePixel;
  context.font = `600 ${letters}px system-ui, sans-serif`;
  context.textBaseline = "top";
  const styles = getComputedStyle(document.documentElement);
  for (const { class: name, classId, score, box } of detections) {
    const [x1, y1, x2, y2] = box.map((value) => value * scale) as [number, number, number, number];
    const color = styles.getPropertyValue(`--s${classId % COLORS}`).trim();
    context.strokeStyle = color;
    context.strokeRect(x1, y1, x2 - x1, y2 - y1);
    const label = `${name} ${Math.round(score * 100)} %`;
    const tall = letters * 1.4;
    const wide = context.measureText(label).width + letters * 0.7;
    const left = Math.min(x1, canvas.width - wide);
    // Above the box where there is room.
    const top = y1 >= tall ? y1 - tall : y2;
    context.fillStyle = color;
    context.fillRect(left, top, wide, tall);
    context.fillStyle = "#fff";
    context.fillText(label, left + letters * 0.35, top + letters * 0.2);
  }
}
