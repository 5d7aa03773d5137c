/**
 * What tests of transports need: a suite that every transport passes, and the numbers in the pixels of the test pattern.
 *
 * @packageDocumentation
 */
export { patternBox } from "../pattern/pattern-box.ts";
export {
  type PatternMarks,
  patternMarksScript,
  readPatternMarks,
} from "../pattern/pattern-marks.ts";
export {
  type DescribeTransportOptions,
  describeTransport,
  type TestViewer,
} from "./describe-transport.ts";
