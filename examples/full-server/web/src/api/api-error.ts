/** A refusal of the server, or no answer from it (`status` 0). */
export class ApiError extends Error {
  readonly status: number;
  readonly code: string;
  readonly requestId: string | undefined;

  constructor(message: string, facts: { status: number; code: string; requestId?: string }) {
    super(message);
    this.name = "ApiError";
    this.status = facts.status;
    this.code = facts.code;
    this.requestId = facts.requestId;
  }
}

/** The error that the body of a refused request stands for: our JSON, or a line of text. */
export function apiErrorOf(status: number, body: string): ApiError {
  const value = parsed(body);
  const { code, message, requestId } = value?.error ?? {};
  const text = body.trim();
  const isText = value === undefined && text !== "" && text.length < 500 && !text.startsWith("<");
  return new ApiError(message ?? (isText ? text : `The server answered ${status}.`), {
    status,
    code: code ?? "REMOTE_FAILED",
    ...(requestId === undefined ? {} : { requestId }),
  });
}

/** What to show someone of anything that was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

interface ErrorBody {
  readonly error?: {
    readonly code?: string;
    readonly message?: string;
    readonly requestId?: string;
  };
}

/** Undefined where the body is no JSON. */
function parsed(body: string): ErrorBody | undefined {
  try {
    const value: unknown = JSON.parse(body);
    return typeof value === "object" && value !== null ? value : {};
  } catch {
    return undefined;
  }
}
