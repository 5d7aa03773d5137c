import { describe, expect, it } from "vitest";
import { grafanaDashboards } from "./grafana-dashboards.ts";
import { grafanaProvisioning } from "./grafana-provisioning.ts";

describe("grafanaProvisioning", () => {
  it("gives the database the uid that the dashboards ask for", () => {
    const { dataSource } = grafanaProvisioning({ dashboardsPath: "/x" });
    const uid = /^ {4}uid: (.*)$/m.exec(dataSource)?.[1];
    const asked = new Set(
      [...JSON.stringify(grafanaDashboards()).matchAll(/"datasource":\{([^}]*)\}/g)].map(
        ([, source]) => source,
      ),
    );
    expect([...asked]).toEqual([`"type":"prometheus","uid":"${uid}"`]);
  });

  it("quotes what it is given, so that Grafana takes it as it stands", () => {
    const { dataSource, dashboardProvider } = grafanaProvisioning({
      vmUrl: "http://vm:8428/a$b",
      dashboardsPath: 'C:\\my "boards"\n$HOME',
    });
    expect(dataSource).toContain('\n    url: "http://vm:8428/a$$b"\n');
    expect(dashboardProvider).toContain('\n      path: "C:\\\\my \\"boards\\"\\n$$HOME"\n');
  });

  it.each([
    ["vm:8428", "is no address"],
    ["http://me:secret@vm:8428", "holds a user"],
    ["http://vm:8428/api/v1/import/prometheus", "takes data"],
    ["http://vminsert:8480/insert/0/prometheus", "takes data"],
  ])("refuses %s", (vmUrl, problem) => {
    const attempt = () => grafanaProvisioning({ vmUrl, dashboardsPath: "/x" });
    expect(attempt).toThrow(expect.objectContaining({ code: "INVALID_OPTION" }));
    expect(attempt).toThrow(problem);
    expect(attempt).not.toThrow("secret");
  });
});
