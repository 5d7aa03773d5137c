import { useState } from "preact/hooks";
import type { Target } from "../../api/types.ts";
import { liveLists } from "../../state/live-lists.ts";
import { useStore } from "../../state/use-store.ts";
import { DropZone } from "./drop-zone.tsx";
import { JobList } from "./job-list.tsx";
import { TargetChoice } from "./target-choice.tsx";
import { UploadList } from "./upload-list.tsx";
import { addFiles, uploads } from "./uploads.ts";

/** Sends archives to the server and shows what it does with them. */
export function UploadPage() {
  const { jobs, settings, nextJobs } = useStore(liveLists);
  const items = useStore(uploads);
  const [target, setTarget] = useState<Target>("grafana");
  return (
    <>
      <div class="title">
        <h1>Upload</h1>
      </div>
      <TargetChoice
        targets={settings?.targets ?? ["grafana"]}
        value={target}
        onChange={setTarget}
      />
      <DropZone
        maxUploadBytes={settings?.maxUploadBytes}
        onFiles={(files) => addFiles(files, target)}
      />
      {items.length > 0 && <UploadList items={items} />}
      <JobList jobs={jobs} more={nextJobs !== null} />
    </>
  );
}
