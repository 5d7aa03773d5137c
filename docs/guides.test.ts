import { GUIDES } from "./examples.ts";
import { runExamples } from "./run-examples.ts";

await runExamples("guides", GUIDES);
