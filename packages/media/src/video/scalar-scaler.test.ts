import { describeFrameScaler } from "../testing/describe-frame-scaler.ts";
import { scalarScaler } from "./scalar-scaler.ts";

describeFrameScaler("scalar", scalarScaler);
