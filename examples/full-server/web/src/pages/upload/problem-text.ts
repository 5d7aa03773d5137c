/** A problem or warning of a report in words: a text, or an object with a message. */
export function textOf(problem: unknown): string {
  if (typeof problem === "string") return problem;
  if (typeof problem === "object" && problem !== null && "message" in problem) {
    return String(problem.message);
  }
  return JSON.stringify(problem);
}
