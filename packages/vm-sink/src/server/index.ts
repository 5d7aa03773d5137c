/**
 * A VictoriaMetrics of one's own on loopback, for demos and tests.
 *
 * @packageDocumentation
 */
export {
  findVictoriaMetrics,
  startVictoriaMetrics,
  type VictoriaMetricsServer,
  type VictoriaMetricsServerOptions,
} from "./victoria-metrics-server.ts";
