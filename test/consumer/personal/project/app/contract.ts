import { defineContract } from "@rejoinder/sdk/contract";
import { patients } from "../../patients.ts";

export const contract = defineContract({ patient: patients });
