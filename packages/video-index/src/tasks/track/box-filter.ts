/** Where a box is expected, learnt from where it was. */
export interface BoxFilter {
  /** x1, y1, x2, y2 as expected now. */
  readonly box: Float64Array;
  /** Lets time pass; the box goes on with its speed. */
  predict(seconds: number): void;
  /** Takes in where the box was really seen. */
  correct(boxes: Float32Array, i: number): void;
  /** Stops the growing and the change of shape, of which nothing certain is known while the box is not seen. */
  keepShape(): void;
}

/**
 * The noise that SORT and ByteTrack assume, in sides of the box and a frame of their videos: a position is off by a
 * twentieth, a speed by a 160th. Frames there are a thirtieth of a second apart; here time is in seconds.
 */
const POSITION = 1 / 20;
const SPEED = 1 / 160;
const FRAME_SECONDS = 1 / 30;
const SMALLEST_PIXELS = 1e-3;

/** One number with its rate of change: a Kalman filter of two states with constant rate. */
interface Component {
  value: number;
  /** A second. */
  rate: number;
  /** Covariance: of the value, of both, of the rate. */
  vv: number;
  vr: number;
  rr: number;
}

/**
 * A Kalman filter of a box with constant speed, in seconds: x and y of its centre, its width and its height. The four
 * are independent of each other, as the covariances of SORT's filter are, so they are four small filters.
 *
 * Frames that were skipped and frames at uneven distances are right, because noise grows with time and not with
 * the number of frames. SORT and ByteTrack follow width over height with next to no noise instead of the width, and
 * lose what comes into the picture bit by bit; the larger side is the measure of noise here, not the height.
 */
export function boxFilter(boxes: Float32Array, i: number): BoxFilter {
  const [x = 0, y = 0, width = 0, height = 0] = measured(boxes, i);
  let side = Math.max(width, height);
  // Twice and ten times the usual, as in SORT: nothing is known of the speed yet.
  const start = (value: number): Component => ({
    value,
    rate: 0,
    vv: (2 * POSITION * side) ** 2,
    vr: 0,
    rr: ((10 * SPEED * side) / FRAME_SECONDS) ** 2,
  });
  const [centreX, centreY, wide, high] = [start(x), start(y), start(width), start(height)];
  const components = [centreX, centreY, wide, high];
  const box = new Float64Array(4);
  const place = (): void => {
    const halfWidth = Math.max(wide.value, SMALLEST_PIXELS) / 2;
    const halfHeight = Math.max(high.value, SMALLEST_PIXELS) / 2;
    side = 2 * Math.max(halfWidth, halfHeight);
    box[0] = centreX.value - halfWidth;
    box[1] = centreY.value - halfHeight;
    box[2] = centreX.value + halfWidth;
    box[3] = centreY.value + halfHeight;
  };
  place();
  return {
    box,
    predict(seconds) {
      const frames = seconds / FRAME_SECONDS;
      for (const component of components) {
        component.value += component.rate * seconds;
        component.vv +=
          2 * component.vr * seconds +
          component.rr * seconds ** 2 +
          (POSITION * side) ** 2 * frames;
        component.vr += component.rr * seconds;
        component.rr += ((SPEED * side) / FRAME_SECONDS) ** 2 * frames;
      }
      place();
    },
    correct(from, index) {
      const seen = measured(from, index);
      const noise = (POSITION * side) ** 2;
      components.forEach((component, k) => {
        const trust = 1 / (component.vv + noise);
        const [gain, rateGain] = [component.vv * trust, component.vr * trust];
        const surprise = (seen[k] as number) - component.value;
        component.value += gain * surprise;
        component.rate += rateGain * surprise;
        component.rr -= rateGain * component.vr;
        component.vr *= 1 - gain;
        component.vv *= 1 - gain;
      });
      place();
    },
    keepShape() {
      wide.rate = 0;
      high.rate = 0;
    },
  };
}

/** Centre x and y, width, height. */
function measured(boxes: Float32Array, i: number): readonly number[] {
  const [x1 = 0, y1 = 0, x2 = 0, y2 = 0] = boxes.subarray(4 * i, 4 * i + 4);
  return [(x1 + x2) / 2, (y1 + y2) / 2, x2 - x1, y2 - y1].map((value, k) =>
    k < 2 ? value : Math.max(value, SMALLEST_PIXELS),
  );
}
