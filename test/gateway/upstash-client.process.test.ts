import { startGatewayProcess } from "../helpers/gateway.ts";
import { describeUpstashClient } from "./upstash-client-contract.ts";

describeUpstashClient("embedded", startGatewayProcess);
