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

/** The error that the body of a refused request stands for. */
export function apiErrorOf(status: number, body: string): ApiError {
  const { error } = parsed(body);
  if (error !== undefined) {
    const { code = "REMOTE_FAILED", message, requestId } = error;
    const known = requestId === undefined ? {} : { requestId };
    return new ApiError(message ?? `The server answered ${status}.`, { status, code, ...known });
  }
  const text = body.trim();
  const told = text !== "" && text.length < 500 && !text.startsWith("<") && !text.startsWith("{");
  const message = told ? text : `The server answered ${status}.`;
  return new ApiError(message, { status, code: "REMOTE_FAILED" });
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

function parsed(body: string): ErrorBody {
  try {
    const value: unknown = JSON.parse(body);
    return typeof value === "object" && value !== null ? (value as ErrorBody) : {};
  } catch {
    return {};
  }
}
