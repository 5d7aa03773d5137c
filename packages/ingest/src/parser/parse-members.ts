import { type RunContext, type Stage, wrapError } from "@millrace/core";
import type { UnreadableMember } from "../archive/archive-member.ts";
import { isFinderMetadata } from "../archive/member-list.ts";
import type { UnpackedMember } from "../archive/unpack.ts";
import type { ArchiveParser, SampleBlock } from "./archive-parser.ts";

/** A block and the file it came from. */
export interface OriginBlock extends SampleBlock {
  readonly origin: string;
}

/**
 * A stage that parses unpacked members and says of each how it went: one `origin-read` event a member.
 *
 * A damaged member costs its own samples and no others.
 */
export function parseMembers(
  parser: ArchiveParser,
): Stage<UnpackedMember | UnreadableMember, OriginBlock> {
  return async function* parse(input, context) {
    for await (const member of input) {
      context.signal.throwIfAborted();
      if ("error" in member) unreadable(member, context);
      else {
        yield* parseMember(parser, member, context);
        // Whoever took the blocks has copied what it needs by now, as their contract says.
        member.release?.();
      }
    }
  };
}

function* parseMember(
  parser: ArchiveParser,
  member: UnpackedMember,
  context: RunContext,
): Generator<OriginBlock> {
  const { origin, path } = member;
  const problems = [...(member.problems ?? [])];
  let count = 0;
  let filtered = 0;
  let parsed = 0;
  for (const document of member.documents) {
    if (isFinderMetadata(document.path) || parser.identify(document.path) === undefined) continue;
    try {
      const result = parser.parse({ ...document, origin, memberPath: path }, context);
      parsed += 1;
      problems.push(...result.problems);
      filtered += result.filtered;
      for (const block of result.blocks) {
        count += block.rowCount * block.table.labels.length - (block.missing ?? 0);
        yield { ...block, origin };
      }
    } catch (error) {
      problems.push(wrapError(error, `Parsing ${document.path}`).message);
    }
  }
  if (parsed === 0 && problems.length === 0) {
    problems.push(`${path} holds no file that parser "${parser.name}" reads.`);
  }
  const outcome = problems.length === 0 ? "ok" : count + filtered > 0 ? "partial" : "failed";
  context.emit({ type: "origin-read", origin, outcome, count, filtered, problems });
}

function unreadable(member: UnreadableMember, context: RunContext): void {
  const { origin } = member;
  const problems = [member.error.message];
  context.emit({ type: "origin-read", origin, outcome: "failed", count: 0, filtered: 0, problems });
}
