import { wrapError } from "@millrace/core";
import type { Container, ContainerEntry } from "./container.ts";
import type { ArchiveLimits } from "./limits.ts";
import type { NestingBudget } from "./nesting-budget.ts";
import { openAccess } from "./open-access.ts";

/**
 * Opens an archive inside another one.
 *
 * @param name - `outer.zip!inner.zip`
 * @param depth - 1 for an archive inside an input
 * @throws MillraceError LIMIT_EXCEEDED when it is too deep, too large or one too many
 * @throws MillraceError CORRUPT_INPUT, UNSUPPORTED or MISSING_DEPENDENCY as for any archive
 */
export async function openNested(
  entry: ContainerEntry,
  name: string,
  limits: ArchiveLimits,
  budget: NestingBudget,
  depth: number,
): Promise<Container> {
  budget.enter(name, depth);
  const access = await entry.openNested?.(name, budget);
  if (access === undefined) throw wrapError("It holds no archives", `Opening ${name}`);
  const container = await openAccess(access, limits);
  try {
    budget.count(name, container.entries.length);
    return container;
  } catch (error) {
    await container[Symbol.asyncDispose]();
    throw error;
  }
}
