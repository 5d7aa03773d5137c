import { mkdir, readFile, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { testFolder } from "../test/archives.ts";
import { type Finished, millrace, startMillrace } from "../test/run-millrace.ts";

const folder = testFolder();
const run = (...args: readonly string[]): Promise<Finished> =>
  millrace(args, { cwd: folder.path() });

describe("millrace", () => {
  it("tells its version", async () => {
    const manifest = new URL("../package.json", import.meta.url);
    const { version } = JSON.parse(await readFile(manifest, "utf8"));
    expect(await run("--version")).toMatchObject({ code: 0, stdout: `${version}\n`, stderr: "" });
  });

  it("ends by itself and not by process.exit(), which may wait forever for what V8 compiles", async () => {
    const { path } = await folder.archive("ends.zip");
    const tells = "process.exit = () => { throw new Error('process.exit() was called'); };";
    const env = {
      NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(tells)}`,
    };
    for (const args of [
      ["--version"],
      ["inspect", path],
      ["ingest", path, "--no-vm", "--html", "ends.html"],
    ]) {
      const { code, stderr } = await millrace(args, { cwd: folder.path(), env });
      expect({ code, stderr }).toEqual({ code: 0, stderr: expect.not.stringContaining("exit()") });
    }
  });

  it.each([
    ["fails", 'throw new Error("too late")', "too late"],
    ["rejects with nothing", "Promise.reject(null)", "null"],
    ["throws what has no words", "throw Object.create(null)", "[Object: null prototype] {}"],
    ["fails without end", "(function f() { queueMicrotask(f); throw Error('again') })()", "again"],
  ])("keeps its exit code when what was left running %s", async (_, fails, words) => {
    const leftover = `const late = setInterval(() => {
      if (process.exitCode === undefined) return;
      clearInterval(late);
      ${fails};
    }, 1)`;
    const env = { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(leftover)}` };
    const { code, stderr } = await millrace(["--version"], { cwd: folder.path(), env });
    expect(stderr).toBe(`millrace: What was left running failed: ${words}.\n`);
    expect(code).toBe(0);
  });

  it("explains itself", async () => {
    const main = await run("--help");
    expect(main).toMatchObject({ code: 0, stderr: "" });
    expect(main.stdout).toContain("ingest [options] [input...]");
    expect(main.stdout).toContain("inspect [options] <input...>");
    const ingest = await run("ingest", "--help");
    expect(ingest.code).toBe(0);
    const options =
      "--input --vm-url --no-vm --workers --batch-size --connections --all-metrics --default-metrics --html --sink --sink-option --verify --dry-run --report --json --quiet --monitor --config";
    for (const option of options.split(" ")) expect(ingest.stdout).toContain(option);
    const inspect = await run("inspect", "--help");
    expect(inspect.stdout).toContain("--full");
    for (const code of ["0 ", "1 ", "2 "]) {
      for (const { stdout } of [ingest, inspect]) expect(stdout).toMatch(`\n  ${code}   `);
    }
    expect(ingest.stdout).toContain("\n  130  interrupted\n");
    expect(ingest.stdout).not.toContain("{}");
    // What is read, where it goes, how, and what is told of it.
    const order = [
      "--input",
      "--vm-url",
      "--html",
      "--verify",
      "--workers",
      "--report",
      "--config",
    ];
    const places = order.map((option) => ingest.stdout.indexOf(option));
    expect(places).toEqual([...places].sort((a, b) => a - b));
  });

  it.each<[string, readonly string[], RegExp]>([
    ["no command", [], /^Usage: millrace/],
    ["an unknown command", ["swallow"], /unknown command 'swallow'\n\(add --help/],
    ["an unknown option", ["ingest", "--fast"], /unknown option '--fast'\n\(add --help/],
    ["no input", ["ingest"], /^millrace: name at least one archive: .* \(add --help/],
    ["an option that is no number", ["ingest", ".", "-w", "many"], /workers: .* not "many"/],
    [
      "a number out of range",
      ["ingest", ".", "--connections", "65"],
      /connections: give 64 or less/,
    ],
    ["a missing file", ["ingest", "no.zip"], /\/no\.zip does not exist/],
    ["a missing file to inspect", ["inspect", "no.zip"], /\/no\.zip does not exist/],
    ["inspect without input", ["inspect"], /missing required argument 'input'/],
    ["nothing to write to", ["ingest", ".", "--no-vm"], /add --html <file>/],
    ["a plugin that is not there", ["ingest", ".", "--sink", "./no.ts"], /No plugin "\.\/no\.ts"/],
    ["a configuration that is not there", ["ingest", ".", "--config", "no.json"], /no\.json/],
    ["an empty input", ["ingest", ""], /^millrace: An input is empty; name an archive/],
    ["an empty input to inspect", ["inspect", ""], /^millrace: An input is empty; name an archive/],
    ["an empty report", ["ingest", ".", "--report", ""], /report: name the file to write/],
    ["an empty page", ["ingest", ".", "--html", ""], /html: name the file to write/],
    ["an empty sink", ["ingest", ".", "--sink", ""], /sink: name a file or a package/],
    ["an empty address", ["ingest", ".", "--vm-url", ""], /"" is no address of a database/],
    [
      "options for no plugin",
      ["ingest", ".", "--sink-option", "path=y"],
      /--sink-option needs --sink <specifier>/,
    ],
    [
      "an address of no database",
      ["ingest", ".", "--no-vm", "--vm-url", "http://db", "--html", "y.html"],
      /option '--no-vm' cannot be used with option '--vm-url <url>'/,
    ],
    [
      "an address for a plugin",
      ["ingest", ".", "--sink", "./no.ts", "--vm-url", "http://db"],
      /option '--sink <specifier>' cannot be used with option '--vm-url <url>'/,
    ],
    [
      "a dry run into a plugin",
      ["ingest", ".", "--sink", "./no.ts", "--dry-run"],
      /--dry-run works with the VictoriaMetrics sink only/,
    ],
  ])("ends with 2 for %s", async (_, args, message) => {
    const { code, stdout, stderr } = await run(...args);
    expect(stderr).toMatch(message);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
  });

  it("checks before the load what it can only write after it", async () => {
    const archive = await folder.archive("early.zip");
    const report = await run("ingest", archive.path, "--dry-run", "--report", "no/such/r.json");
    expect(report.code).toBe(2);
    expect(report.stderr).toContain("--report: there is no folder");
    const verify = await run("ingest", archive.path, "--no-vm", "--html", "v.html", "--verify");
    expect(verify.code).toBe(2);
    expect(verify.stderr).toContain("--verify needs the VictoriaMetrics sink");
  });

  it("ends with 1 where there is nothing to load", async () => {
    await mkdir(folder.path("empty"));
    const empty = await run("ingest", "empty", "--dry-run");
    expect(empty.code).toBe(1);
    expect(empty.stderr).toContain(
      `Nothing to load: no performance files in ${folder.path("empty")}.`,
    );
    await writeFile(folder.path("empty/holiday.jpg"), "");
    const pictures = await run("ingest", "empty", "--dry-run");
    expect(pictures.code).toBe(1);
    expect(pictures.stdout).toContain("Not a performance file");
  });

  it("keeps quiet when its reader goes away", async () => {
    const archive = await folder.archive("piped.zip");
    const { child, finished } = startMillrace(["inspect", archive.path, "--json"]);
    child.stdout?.destroy();
    expect(await finished).toMatchObject({ code: 0, stderr: "" });
  });
});

describe("millrace inspect", () => {
  it("says what is in an archive", async () => {
    const archive = await folder.archive("inspect.zip", { unknownMetricIds: [99_001] });
    const { code, stdout, stderr } = await run("inspect", "inspect.zip");
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toMatch(/^8 performance files, \d+ kB\n/);
    expect(stdout).toMatch(new RegExp(`^array +${archive.serial}$`, "m"));
    expect(stdout).toMatch(/^controllers +SP0, SP1$/m);
    expect(stdout).toMatch(/^interval +60 s$/m);
    expect(stdout).toMatch(/^time range +2025-10-20 00:00 to 2025-10-20 \S+ UTC$/m);
    expect(stdout).toMatch(/^LUN +3 +11$/m);
    expect(stdout).toContain("huawei_unknown_metric_<id>): 99001");
  });

  it("prints the same as JSON", async () => {
    const archive = await folder.archive("inspect-json.zip");
    const { code, stdout } = await run("inspect", archive.path, "--json", "--full");
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      files: { total: 8, read: 8, failed: [] },
      estimated: false,
      arrays: [{ serial: archive.serial, samples: archive.samples, intervals: [60] }],
    });
  });

  it("raises the bound that refused a file", async () => {
    const { path } = await folder.archive("bounded.zip");
    for (const verb of [["inspect"], ["ingest", "--no-vm", "--csv", "bounded.csv"]]) {
      const refused = await run(...verb, path, "--limit", "packedBytes=10", "--limit", "members=9");
      expect(refused).toMatchObject({ code: 1 });
      expect(refused.stdout).toMatch(/more than the limit of 10 \("packedBytes"\)/);
      expect(await run(...verb, path, "--limit", "packedBytes=100000")).toMatchObject({ code: 0 });
    }
  });

  it("reads every head of a large archive only with --full, and says so", async () => {
    const { path, samples } = await folder.archive("large.zip", { filesPerController: 510 });
    const some = await run("inspect", path);
    expect(some.code).toBe(0);
    expect(some.stdout).toMatch(/Judged by 1,000 of them; counts are estimates \(--full/);
    const all = await run("inspect", path, "--full");
    expect(all.stdout).not.toContain("estimates");
    expect(all.stdout).toMatch(new RegExp(`samples +${samples.toLocaleString("en-US")}$`, "m"));
  });

  it("ends with 1 for a damaged file and names it", async () => {
    const { path } = await folder.archive("inspect-bad.zip", {
      faults: [{ kind: "fake-tgz", file: 2 }],
    });
    const { code, stdout } = await run("inspect", path);
    expect(code).toBe(1);
    expect(stdout).toMatch(/1 file cannot be read:\n {2}\S+inspect-bad\.zip!/);
    await writeFile(folder.path("none.zip"), "not at all");
    const none = await run("inspect", "none.zip");
    expect(none.code).toBe(1);
    expect(none.stderr).toContain("none.zip is called .zip but is none");
  });
});

describe("millrace ingest, its settings", () => {
  /** Databases that only count who asked. */
  const asked = { file: 0, environment: 0, flag: 0 };
  const urls: Record<string, string> = {};
  const servers = Object.keys(asked).map((name) => ({
    name: name as keyof typeof asked,
    server: createServer((_, response) => {
      asked[name as keyof typeof asked] += 1;
      response.writeHead(500).end("counted");
    }),
  }));

  beforeAll(async () => {
    for (const { name, server } of servers) {
      await new Promise<void>((resolve) => {
        server.listen(0, "127.0.0.1", () => resolve());
      });
      urls[name] = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    }
  });
  afterAll(() => {
    for (const { server } of servers) server.close();
  });

  const whoIsAsked = async (
    args: readonly string[],
    env: Readonly<Record<string, string>> = {},
    cwd = folder.path(),
  ): Promise<string> => {
    Object.assign(asked, { file: 0, environment: 0, flag: 0 });
    const { code, stderr } = await millrace(["ingest", ...args], { cwd, env });
    expect(stderr).toContain("answered 500: counted");
    expect(code).toBe(1);
    return Object.entries(asked)
      .filter(([, times]) => times > 0)
      .map(([name]) => name)
      .join();
  };

  it("come from the file, over it the environment, over both the command line", async () => {
    const { path } = await folder.archive("settings.zip");
    const file = { vmUrl: urls["file"], workers: 1, batchSize: 1000 };
    await writeFile(folder.path("my.json"), JSON.stringify(file));
    const environment = { MILLRACE_VM_URL: urls["environment"] as string };
    expect(await whoIsAsked([path, "--config", "my.json"])).toBe("file");
    expect(await whoIsAsked([path, "--config", folder.path("my.json")])).toBe("file");
    expect(await whoIsAsked([path, "--config", "my.json"], environment)).toBe("environment");
    expect(
      await whoIsAsked(
        [path, "--config", "my.json", "--vm-url", urls["flag"] as string],
        environment,
      ),
    ).toBe("flag");
  });

  it("come from a file that begins with a byte order mark, too", async () => {
    const { path } = await folder.archive("marked.zip");
    const file = `\uFEFF${JSON.stringify({ vmUrl: urls["file"] })}`;
    await writeFile(folder.path("marked.json"), file);
    expect(await whoIsAsked([path, "--config", "marked.json"])).toBe("file");
  });

  it.each([
    ["a list", "list.json", "[1]", /list\.json must hold one object/],
    [
      "half an object",
      "half.json",
      '{ "vm": true,',
      /half\.json is no JSON: .*\(line 1 column 14\)/,
    ],
    ["nothing", "nothing.json", "", /nothing\.json is no JSON: Unexpected end/],
  ])("end with 2 where the file is %s", async (_, name, text, complaint) => {
    await writeFile(folder.path(name), text);
    const { code, stderr } = await run("ingest", "x", "--config", name);
    expect(stderr).toMatch(complaint);
    expect(code).toBe(2);
  });

  it("come from millrace.config.json in the working folder unasked", async () => {
    const { path } = await folder.archive("default.zip");
    await mkdir(folder.path("home"));
    const file = { inputs: [path], vmUrl: urls["file"] };
    await writeFile(folder.path("home/millrace.config.json"), JSON.stringify(file));
    expect(await whoIsAsked([], {}, folder.path("home"))).toBe("file");
  });

  it("refuse a misspelt key of the file, and pass over variables of others", async () => {
    const { path } = await folder.archive("misspelt.zip");
    await writeFile(folder.path("misspelt.json"), JSON.stringify({ vmurl: urls["file"] }));
    const { code, stderr } = await run("ingest", path, "--config", "misspelt.json");
    expect(code).toBe(2);
    expect(stderr).toContain("vmurl: there is no such setting");
    const environment = {
      MILLRACE_SETUP: "never",
      MILLRACE_VM_URL: urls["environment"] as string,
    };
    expect(await whoIsAsked([path], environment)).toBe("environment");
  });
});
