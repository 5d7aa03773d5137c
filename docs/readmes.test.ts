import { READMES, SOURCES } from "./examples.ts";
import { runExamples } from "./run-examples.ts";

await runExamples("readmes", [...READMES, ...SOURCES]);
