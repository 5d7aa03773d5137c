import { useState } from "preact/hooks";
import { ApiError, messageOf } from "../api/api-error.ts";
import { api } from "../api/client.ts";
import { signIn } from "../state/session.ts";
import { Notice } from "./notice.tsx";

/** Asks for the access token of the server. */
export function SignIn() {
  const [token, setToken] = useState("");
  const [problem, setProblem] = useState<string>();
  const submit = async (event: Event) => {
    event.preventDefault();
    setProblem(undefined);
    try {
      await api.checkToken(token);
      signIn(token);
    } catch (error) {
      const wrong = error instanceof ApiError && error.status === 401;
      setProblem(wrong ? "The server does not accept this token." : messageOf(error));
    }
  };
  return (
    <main class="sign-in">
      <form class="card" onSubmit={submit}>
        <h1>Sign in</h1>
        <p class="muted">
          This server asks for its access token. It is kept until you close the tab.
        </p>
        <label>
          Access token
          <input
            type="password"
            autocomplete="current-password"
            required
            value={token}
            onInput={({ currentTarget }) => setToken(currentTarget.value)}
          />
        </label>
        {problem !== undefined && <Notice kind="error">{problem}</Notice>}
        <button type="submit" class="button main">
          Sign in
        </button>
      </form>
    </main>
  );
}
