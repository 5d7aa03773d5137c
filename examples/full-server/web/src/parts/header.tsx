import type { Zone } from "../format/format-time.ts";
import { type Connection, liveLists } from "../state/live-lists.ts";
import { session, signOut } from "../state/session.ts";
import { timeZone } from "../state/time-zone.ts";
import { useStore } from "../state/use-store.ts";
import { Choice } from "./choice.tsx";
import { Link } from "./link.tsx";
import { Notice } from "./notice.tsx";

const LINKS = [
  ["/", "Arrays"],
  ["/upload", "Upload"],
  ["/charts", "Charts"],
  ["/video", "Video"],
  ["/webrtc", "Watch live"],
] as const;
const WITHOUT_DATABASE = new Set(["/video", "/webrtc"]);
const ZONES: readonly (readonly [Zone, string])[] = [
  ["utc", "UTC"],
  ["local", "Local time"],
];
const CONNECTIONS: Readonly<Record<Connection, string>> = {
  connecting: "Connecting…",
  live: "Live",
  polling: "Asking every 3 s",
  offline: "Not connected",
};

/** The pages, the state of the connection, and the zone of all times. */
export function Header({ path }: { readonly path: string }) {
  const { connection, problem, settings } = useStore(liveLists);
  const zone = useStore(timeZone);
  const { token } = useStore(session);
  return (
    <>
      <header class="bar">
        <Link href="/" class="brand">
          Millrace
        </Link>
        <nav aria-label="Pages">
          {LINKS.map(([href, label]) => (
            <Link key={href} href={href} current={href === path}>
              {label}
            </Link>
          ))}
        </nav>
        <span class={`connection ${connection}`} role="status">
          {CONNECTIONS[connection]}
        </span>
        <Choice
          label="Times"
          options={ZONES}
          value={zone}
          onChange={(next) => timeZone.set(next)}
        />
        {token !== undefined && (
          <button type="button" class="quiet" onClick={signOut}>
            Sign out
          </button>
        )}
      </header>
      {problem !== undefined && (
        <div class="banner">
          <Notice kind="error">{problem} What you see may be old.</Notice>
        </div>
      )}
      {settings?.database.reachable === false && !WITHOUT_DATABASE.has(path) && (
        <div class="banner">
          <Notice kind="error">
            The database at {settings.database.url} does not answer. Jobs wait for it and charts
            stay empty until it runs.
          </Notice>
        </div>
      )}
    </>
  );
}
