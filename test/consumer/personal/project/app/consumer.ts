import { defineConsumer } from "@rejoinder/sdk/consumer";
import { patientDecider } from "../../patients.ts";
import { contract } from "./contract.ts";

export default defineConsumer({ contract, handlers: {}, deciders: { patient: patientDecider } });
