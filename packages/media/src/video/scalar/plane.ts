/**
 * One colour of a picture as numbers that no longer depend on depth and range: red, green, blue, luma and alpha
 * from 0 to 1, differences of colour (Pb, Pr) from -0.5 to 0.5. Values of limited range may lie beyond.
 */
export interface Plane {
  readonly samples: Float32Array;
  readonly width: number;
  readonly height: number;
}
