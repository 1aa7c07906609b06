import { defineContract, view } from "@rejoinder/sdk/contract";
import * as z from "zod";
import { patients } from "../../patients.ts";

/** The wards of patients, by patient. */
export const wards = view({ from: patients, version: 1, row: z.strictObject({ name: z.string().nullable(), ward: z.string() }) });

export const contract = defineContract({ patient: patients, wards });
