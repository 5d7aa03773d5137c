import { Empty } from "../../parts/empty.tsx";
import { Link } from "../../parts/link.tsx";
import { liveLists } from "../../state/live-lists.ts";
import { useStore } from "../../state/use-store.ts";
import { ArrayTable } from "./array-table.tsx";
import { FileJobs } from "./file-jobs.tsx";

/** The arrays that the database has samples of, and the files that jobs made. */
export function HomePage() {
  const { arrays, jobs } = useStore(liveLists);
  return (
    <>
      <div class="title">
        <h1>Storage arrays</h1>
        <Link href="/upload" class="button main">
          Upload archives
        </Link>
      </div>
      {arrays === undefined ? (
        <p class="muted">Reading the list of arrays…</p>
      ) : arrays.length === 0 ? (
        <Empty title="No arrays yet">
          <Link href="/upload">Upload</Link> performance archives (.zip, .7z or .tgz). Each array
          that they hold samples of appears here.
        </Empty>
      ) : (
        <ArrayTable arrays={arrays} />
      )}
      <section aria-labelledby="files-title">
        <header>
          <h2 id="files-title">Files</h2>
          <span class="muted">CSV, Perfmonkey and Parquet made from archives</span>
        </header>
        {jobs === undefined ? (
          <p class="muted">Reading the list of jobs…</p>
        ) : (
          <FileJobs jobs={jobs.filter(({ target }) => target !== "grafana")} />
        )}
      </section>
    </>
  );
}
