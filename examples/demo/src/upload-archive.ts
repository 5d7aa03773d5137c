import { openAsBlob } from "node:fs";
import { basename } from "node:path";
import { setTimeout as pause } from "node:timers/promises";

const POLL_MS = 200;

interface Job {
  readonly id: string;
  readonly state: string;
  readonly finishedMs: number | null;
  readonly error: { readonly message: string } | null;
  readonly report: {
    readonly samples: { readonly durable: number };
    readonly verified: string | null;
  } | null;
}

interface LoadedArray {
  readonly serial: string;
  readonly model: string;
  readonly samples: number;
  readonly series: number;
}

/** Uploads an archive to a storage server, follows its job to the end, and returns what came of it, ready to print. */
export async function uploadArchive(
  url: string,
  archive: string,
  signal: AbortSignal,
): Promise<string> {
  const form = new FormData();
  form.set("target", "grafana");
  form.set("file", await openAsBlob(archive), basename(archive));
  const { job } = await ask<{ job: Job }>(`${url}/v1/uploads/form`, {
    method: "POST",
    body: form,
    signal,
  });
  let seen = job;
  while (seen.finishedMs === null) {
    await pause(POLL_MS, undefined, { signal });
    seen = await ask<Job>(`${url}/v1/jobs/${job.id}`, { signal });
  }
  if (seen.report === null) throw new Error(`The load ${seen.state}: ${seen.error?.message}`);
  const { samples, verified } = seen.report;
  const { arrays } = await ask<{ arrays: readonly LoadedArray[] }>(`${url}/v1/arrays`, { signal });
  return [
    `   job    ${job.id}`,
    `          ${seen.state}, ${count(samples.durable)} samples durable, verified: ${verified}`,
    ...arrays.map(
      ({ serial, model, series }) => `   array  ${serial} ${model}, ${count(series)} series`,
    ),
  ].join("\n");
}

async function ask<T>(url: string, init: RequestInit): Promise<T> {
  const answer = await fetch(url, init);
  const body: unknown = await answer.json();
  if (!answer.ok) throw new Error(`${url} answered ${answer.status}: ${JSON.stringify(body)}`);
  return body as T;
}

function count(value: number): string {
  return value.toLocaleString("en-US");
}
