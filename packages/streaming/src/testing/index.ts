/**
 * What tests of transports need: the numbers in the pixels of the test pattern.
 *
 * @packageDocumentation
 */
export { patternBox } from "../pattern/pattern-box.ts";
export {
  type PatternMarks,
  patternMarksScript,
  readPatternMarks,
} from "../pattern/pattern-marks.ts";
