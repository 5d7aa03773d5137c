import { useEffect, useRef } from "preact/hooks";
import { ChartsPage } from "./pages/charts/charts-page.tsx";
import { HomePage } from "./pages/home/home-page.tsx";
import { LivePage } from "./pages/live/live-page.tsx";
import { UploadPage } from "./pages/upload/upload-page.tsx";
import { findUnfinished } from "./pages/upload/uploads.ts";
import { VideoPage } from "./pages/video/video-page.tsx";
import { Empty } from "./parts/empty.tsx";
import { Header } from "./parts/header.tsx";
import { SignIn } from "./parts/sign-in.tsx";
import { followServer } from "./state/live-lists.ts";
import { place } from "./state/routing.ts";
import { session } from "./state/session.ts";
import { useStore } from "./state/use-store.ts";

const PAGES = new Map([
  ["/", { title: "Arrays", Page: HomePage }],
  ["/upload", { title: "Upload", Page: UploadPage }],
  ["/charts", { title: "Charts", Page: ChartsPage }],
  ["/video", { title: "Video", Page: VideoPage }],
  ["/webrtc", { title: "Watch live", Page: LivePage }],
]);

/** All pages: the header, and the page that the address names. */
export function App() {
  const { path } = useStore(place);
  const { refused, token } = useStore(session);
  const main = useRef<HTMLElement>(null);
  const first = useRef(true);
  const found = PAGES.get(path);

  useEffect(() => {
    if (refused) return;
    void findUnfinished().catch(() => undefined);
    return followServer();
  }, [refused, token]);

  useEffect(() => {
    document.title = `${refused ? "Sign in" : (found?.title ?? "Not found")} – Millrace`;
    if (!first.current) main.current?.focus();
    first.current = false;
  }, [path, refused]);

  if (refused) return <SignIn />;
  return (
    <>
      <Header path={path} />
      <main ref={main} tabIndex={-1}>
        {found === undefined ? (
          <Empty title="There is no such page">Choose one of the pages above.</Empty>
        ) : (
          <found.Page />
        )}
      </main>
    </>
  );
}
