import { createStore, type Store } from "./store.ts";

const KEY = "millrace.token";

/** The access token, and whether the server has asked for one. */
export interface Session {
  readonly token: string | undefined;
  readonly refused: boolean;
}

/** The session of this browser tab. */
export const session: Store<Session> = createStore({
  token: sessionStorage.getItem(KEY) ?? undefined,
  refused: false,
});

/** Keeps the token until the tab is closed. */
export function signIn(token: string): void {
  sessionStorage.setItem(KEY, token);
  session.set({ token, refused: false });
}

/** Asks for a token again. */
export function refuseSession(): void {
  if (!session.get().refused) session.set({ ...session.get(), refused: true });
}

/** Forgets the token. */
export function signOut(): void {
  sessionStorage.removeItem(KEY);
  session.set({ token: undefined, refused: true });
}

/** The header of requests, empty without a token. */
export function authorizationOf({ token }: Session): Readonly<Record<string, string>> {
  return token === undefined ? {} : { authorization: `Bearer ${token}` };
}

/** An address for what cannot send headers: event sources and downloads. */
export function withAccessToken(url: string): string {
  const { token } = session.get();
  if (token === undefined) return url;
  return `${url}${url.includes("?") ? "&" : "?"}access_token=${encodeURIComponent(token)}`;
}
