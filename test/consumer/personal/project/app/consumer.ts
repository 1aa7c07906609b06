import { defineConsumer, projection } from "@rejoinder/sdk/consumer";
import { patientDecider } from "../../patients.ts";
import { contract, wards } from "./contract.ts";

export default defineConsumer({
  contract,
  handlers: {},
  deciders: { patient: patientDecider },
  projections: { wards: projection(wards, { on: { registered: (_, { name, ward }) => ({ name, ward }) } }) },
});
