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
 * The noise that SORT and ByteTrack assume, in heights of the box and a frame of their videos: a position is off by
 * a twentieth, a speed by a 160th. Frames there are a thirtieth of a second apart; here time is in seconds.
 */
const POSITION = 1 / 20;
const SPEED = 1 / 160;
const FRAME_SECONDS = 1 / 30;
const ASPECT = 1e-2;
const ASPECT_SPEED = 1e-5;
const SEEN_ASPECT = 1e-1;

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
 * A Kalman filter of a box with constant speed, in seconds: x and y of its centre, its width over its height, and
 * its height. The four are independent of each other, as the covariances of SORT's filter of eight states are, so
 * they are four small filters.
 *
 * Frames that were skipped and frames at uneven distances are right, because noise grows with time and not with
 * the number of frames.
 */
export function boxFilter(boxes: Float32Array, i: number): BoxFilter {
  const [x = 0, y = 0, aspect = 0, height = 0] = measured(boxes, i);
  const start = (value: number, deviation: number, rateDeviation: number): Component => ({
    value,
    rate: 0,
    vv: deviation ** 2,
    vr: 0,
    rr: (rateDeviation / FRAME_SECONDS) ** 2,
  });
  // Twice and ten times the usual, as in SORT: nothing is known of the speed yet.
  const length = (value: number): Component =>
    start(value, 2 * POSITION * height, 10 * SPEED * height);
  const components = [length(x), length(y), start(aspect, ASPECT, ASPECT_SPEED), length(height)];
  const [centreX, centreY, shape, size] = components as [
    Component,
    Component,
    Component,
    Component,
  ];
  const box = new Float64Array(4);
  const place = (): void => {
    const high = Math.max(size.value, 1e-3);
    const wide = Math.max(shape.value, 1e-3) * high;
    box[0] = centreX.value - wide / 2;
    box[1] = centreY.value - high / 2;
    box[2] = centreX.value + wide / 2;
    box[3] = centreY.value + high / 2;
  };
  place();
  return {
    box,
    predict(seconds) {
      const frames = seconds / FRAME_SECONDS;
      for (const component of components) {
        const [noise, rateNoise] =
          component === shape
            ? [ASPECT, ASPECT_SPEED]
            : [POSITION * size.value, SPEED * size.value];
        component.value += component.rate * seconds;
        component.vv +=
          2 * component.vr * seconds + component.rr * seconds ** 2 + noise ** 2 * frames;
        component.vr += component.rr * seconds;
        component.rr += (rateNoise / FRAME_SECONDS) ** 2 * frames;
      }
      place();
    },
    correct(from, index) {
      const seen = measured(from, index);
      components.forEach((component, k) => {
        const deviation = component === shape ? SEEN_ASPECT : POSITION * size.value;
        const trust = 1 / (component.vv + deviation ** 2);
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
      shape.rate = 0;
      size.rate = 0;
    },
  };
}

/** Centre x and y, width over height, height. */
function measured(boxes: Float32Array, i: number): readonly number[] {
  const [x1 = 0, y1 = 0, x2 = 0, y2 = 0] = boxes.subarray(4 * i, 4 * i + 4);
  const height = Math.max(y2 - y1, 1e-3);
  return [(x1 + x2) / 2, (y1 + y2) / 2, (x2 - x1) / height, height];
}
