/** The numbers from one to below another. */
export const span = (from: number, to: number): readonly number[] =>
  Array.from({ length: to - from }, (_, index) => from + index);

/** Each bit of the frame's number as a cell of 16 × 16 pixels, black or white, along the top. */
const BARCODE: string = [
  "lum='if(lt(Y,16),if(bitand(trunc(N/pow(2,trunc(X/16))),1),235,16),p(X,Y))'",
  "cb='if(lt(Y,16),128,p(X,Y))'",
  "cr='if(lt(Y,16),128,p(X,Y))'",
].join(":");
/** Moving test pictures with their number, as a filter graph. */
export const picture = (rate: string, seconds: number, format = "yuv420p"): string =>
  `testsrc2=s=192x128:r=${rate}:d=${seconds},format=${format},geq=${BARCODE}`;
/** Moving test pictures without one. */
export const plain = (rest: string): string => `testsrc2=s=192x128:${rest}`;
/** 60 numbered frames. */
export const TWO_SECONDS: string = picture("30", 2);
/** 20 frames at 30 a second, 20 at 12, 20 at 60. */
export const VARIABLE: string = `${TWO_SECONDS},settb=1/90000,setpts='if(lt(N,20),N/30,if(lt(N,40),20/30+(N-20)/12,20/30+20/12+(N-40)/60))/TB'`;

/** An input made by a filter graph. */
export const from = (graph: string): string[] => ["-f", "lavfi", "-i", graph];
/** A clip that was made before, its packets copied. */
export const copyOf = (name: string, ...input: string[]): string[] => [
  ...input,
  "-i",
  name,
  "-c",
  "copy",
];
/** H.264 that comes out the same each time. */
export const X264: readonly string[] = ["-c:v", "libx264", "-preset", "veryfast", "-threads", "1"];
/** H.264 of 4:2:0. */
export const H264: readonly string[] = [...X264, "-pix_fmt", "yuv420p"];
/** Groups of pictures of 12 whose first ones refer to the group before. */
export const OPEN_GOP: string = "open-gop=1:keyint=12:min-keyint=12:scenecut=0:b-adapt=0:bframes=3";
/** What x265 says of itself is left out. */
export const X265_QUIET: string = "pools=none:frame-threads=1:log-level=none";
/** HEVC; its parameters follow. */
export const X265: readonly string[] = ["-c:v", "libx265", "-preset", "ultrafast", "-x265-params"];
/** B pictures that others refer to, in closed groups of 30. */
export const PYRAMID: string = "b-pyramid=normal:scenecut=0:keyint=30:min-keyint=30:open-gop=0";

/** A clip: its name, what makes it, and the numbers in it where they are not those from 0 to 59. */
export type Making = readonly [name: string, args: readonly string[], numbers?: readonly number[]];

/** All numbers of a clip of two seconds. */
export const SIXTY: readonly number[] = span(0, 60);
/** All numbers of a clip of one second. */
export const THIRTY: readonly number[] = span(0, 30);
