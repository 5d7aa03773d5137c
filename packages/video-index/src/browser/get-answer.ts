import { MillraceError, redactUrl } from "@millrace/core/web";

/** How the page asks. */
export interface WebAccess {
  readonly fetch: typeof fetch;
  /** Sent with every request. */
  readonly headers: Readonly<Record<string, string>>;
}

/**
 * What a server answers to a request without a range.
 *
 * @throws MillraceError NOT_FOUND or REMOTE_FAILED as the server answers. Rejects with the signal's reason when that aborts
 */
export async function getAnswer(
  url: string | URL,
  { fetch: request, headers }: WebAccess,
  signal?: AbortSignal,
): Promise<Response> {
  const where = redactUrl(String(url));
  const answer = await request(url, { headers, ...(signal && { signal }) }).catch(
    (cause: unknown) => {
      signal?.throwIfAborted();
      throw new MillraceError("REMOTE_FAILED", `${where} cannot be reached.`, {
        cause,
        retryable: true,
      });
    },
  );
  if (answer.ok) return answer;
  await answer.body?.cancel();
  const { status } = answer;
  throw new MillraceError(
    status === 404 || status === 410 ? "NOT_FOUND" : "REMOTE_FAILED",
    `${where}: the server answers ${status}.`,
    { retryable: status >= 500 || status === 429, details: { status } },
  );
}
