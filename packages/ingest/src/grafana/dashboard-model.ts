/** A dashboard as Grafana reads it from a file: the part of its model that is used here. */
export interface GrafanaDashboard {
  /** Stands in its address: `/d/<uid>`. */
  readonly uid: string;
  readonly title: string;
  readonly description: string;
  readonly tags: readonly string[];
  readonly links: readonly GrafanaLink[];
  readonly editable: boolean;
  /** 1: the cursor is shown in all panels at once. */
  readonly graphTooltip: 1;
  readonly schemaVersion: number;
  readonly timezone: string;
  readonly time: { readonly from: string; readonly to: string };
  readonly refresh: string;
  readonly templating: { readonly list: readonly GrafanaVariable[] };
  readonly panels: readonly (GrafanaRow | GrafanaPanel)[];
}

/** The way to another dashboard, in the line above the panels. */
export interface GrafanaLink {
  readonly type: "link";
  readonly title: string;
  readonly url: string;
  readonly keepTime: boolean;
  readonly includeVars: boolean;
  readonly targetBlank: boolean;
  readonly asDropdown: boolean;
  readonly icon: string;
  readonly tooltip: string;
  readonly tags: readonly string[];
}

/** A data source by its uid. */
export interface GrafanaDataSource {
  readonly type: "prometheus";
  readonly uid: string;
}

/** A value of a variable as it is shown and as queries get it. */
export interface GrafanaOption {
  readonly text: string | readonly string[];
  readonly value: string | readonly string[];
  readonly selected?: boolean;
}

/** A variable whose values are those of a label in the database, in the time range that is shown. */
export interface GrafanaQueryVariable {
  readonly type: "query";
  readonly name: string;
  readonly label: string;
  readonly datasource: GrafanaDataSource;
  readonly definition: string;
  readonly query: { readonly qryType: 1; readonly query: string; readonly refId: string };
  readonly multi: boolean;
  readonly includeAll: boolean;
  /** What "All" stands for. */
  readonly allValue?: string;
  /** 2: asks again when the time range changes. */
  readonly refresh: 2;
  /** 1: by name, 3: by number, both ascending. */
  readonly sort: 1 | 3;
  readonly current: GrafanaOption | Readonly<Record<string, never>>;
}

/** A variable with a list of values of its own. */
export interface GrafanaCustomVariable {
  readonly type: "custom";
  readonly name: string;
  readonly label: string;
  /** `Average : avg,Peak : max` */
  readonly query: string;
  readonly multi: boolean;
  readonly includeAll: boolean;
  readonly options: readonly GrafanaOption[];
  readonly current: GrafanaOption;
}

/** A variable of a dashboard. */
export type GrafanaVariable = GrafanaQueryVariable | GrafanaCustomVariable;

/** A place on the grid, which is 24 wide. */
export interface GrafanaGridPosition {
  readonly x: number;
  readonly y: number;
  readonly w: number;
  readonly h: number;
}

/** A row that folds panels away. */
export interface GrafanaRow {
  readonly type: "row";
  readonly id: number;
  readonly title: string;
  readonly collapsed: boolean;
  readonly gridPos: GrafanaGridPosition;
  /** Those of a row that is folded; those of an open one follow it in the dashboard. */
  readonly panels: readonly GrafanaPanel[];
}

/** One query of a panel. */
export interface GrafanaTarget {
  readonly refId: string;
  readonly datasource: GrafanaDataSource;
  readonly expr: string;
  readonly legendFormat: string;
  /** The least step. */
  readonly interval: string;
  readonly editorMode: "code";
  readonly range: true;
}

/** A time series panel. */
export interface GrafanaPanel {
  readonly type: "timeseries";
  readonly id: number;
  readonly title: string;
  readonly description?: string;
  readonly gridPos: GrafanaGridPosition;
  readonly datasource: GrafanaDataSource;
  /** Least value of `$__interval`. */
  readonly interval: string;
  /** The variable for each value of which there is such a panel. */
  readonly repeat?: string;
  readonly repeatDirection?: "h";
  readonly maxPerRow?: number;
  readonly targets: readonly GrafanaTarget[];
  readonly fieldConfig: {
    readonly defaults: {
      /** Grafana's name of the unit. */
      readonly unit: string;
      readonly custom: GrafanaLines;
    };
    readonly overrides: readonly never[];
  };
  readonly options: {
    readonly legend: {
      readonly displayMode: "table";
      readonly placement: "bottom";
      readonly showLegend: true;
      readonly calcs: readonly string[];
      readonly sortBy: string;
      readonly sortDesc: boolean;
    };
    readonly tooltip: { readonly mode: "multi"; readonly sort: "desc" };
  };
}

/** How the lines of a panel are drawn. */
export interface GrafanaLines {
  /** The axis begins here unless a value lies below. */
  readonly axisSoftMin: number;
  readonly lineInterpolation: "linear";
  readonly lineWidth: number;
  readonly fillOpacity: number;
  readonly showPoints: "auto";
  /** Longest gap in ms that a line bridges. */
  readonly spanNulls: number;
  readonly stacking: { readonly mode: "none" | "normal"; readonly group: string };
}
