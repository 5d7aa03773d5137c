import { useState } from "preact/hooks";
import type { Target } from "../../api/types.ts";
import { formatBytes } from "../../format/format-number.ts";
import { DropZone } from "../../parts/drop-zone.tsx";
import { liveLists } from "../../state/live-lists.ts";
import { useStore } from "../../state/use-store.ts";
import { JobList } from "./job-list.tsx";
import { TargetChoice } from "./target-choice.tsx";
import { ACCEPTED_TYPES } from "./upload-item.ts";
import { UploadList } from "./upload-list.tsx";
import { addFiles, uploads } from "./uploads.ts";

/** Sends archives to the server and shows what it does with them. */
export function UploadPage() {
  const { jobs, settings, nextJobs } = useStore(liveLists);
  const items = useStore(uploads);
  const [target, setTarget] = useState<Target>("grafana");
  const limit =
    settings === undefined ? "" : `, up to ${formatBytes(settings.maxUploadBytes)} each`;
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
        title="Drop archives or folders of them here"
        hint={`.zip, .7z or .tgz${limit}; three are sent at a time`}
        accept={ACCEPTED_TYPES}
        onFiles={(files) => addFiles(files, target)}
      />
      {items.length > 0 && <UploadList items={items} />}
      <JobList jobs={jobs} more={nextJobs !== null} />
    </>
  );
}
