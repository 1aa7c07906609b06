import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createRequire } from "node:module";
import { Validator } from "@seriousme/openapi-schema-validator";
import { Ajv } from "ajv";
import addFormats from "ajv-formats";
import { describe, expect, test } from "vitest";
import { createAsyncApi } from "../../worker/description/asyncapi.ts";
import { createOpenApi } from "../../worker/description/openapi.ts";
import { lintDocuments, wholeApi } from "../../tools/lint-documents.ts";
import { richContract } from "../project/rich-contract.ts";
import { contract as testContract } from "../project/app/contract.ts";

const plain = (document: object) => JSON.parse(JSON.stringify(document)) as Record<string, unknown>;

/** Removed by the lint. */
const newFolder = () => mkdtempSync(join(tmpdir(), "rejoinder-documents-"));

const CONTRACTS = { "the tests' application": testContract, "a contract with all that there can be": richContract };

describe.each(Object.entries(CONTRACTS))("the documents of %s", (_, contract) => {
  const api = wholeApi(contract);

  test("pass Redocly's rules without a warning", async () => {
    await lintDocuments(api, newFolder());
  });

  test("are OpenAPI by the schema of its authors", async () => {
    const validator = new Validator();
    const { valid, errors } = await validator.validate(plain(createOpenApi(api)));
    expect(errors ?? []).toEqual([]);
    expect([valid, validator.version]).toEqual([true, "3.1"]);
  });

  test("are AsyncAPI by the schema of its authors", () => {
    const { schemas } = createRequire(import.meta.url)("@asyncapi/specs") as { schemas: Record<string, object> };
    const ajv = new Ajv({ strict: false, allErrors: true, meta: false, validateSchema: false });
    addFormats.default(ajv);
    const validate = ajv.compile({ ...schemas["3.0.0"], $schema: undefined });
    validate(plain(createAsyncApi(api)));
    expect(validate.errors ?? []).toEqual([]);
  });
});

test("a fault of a document fails the lint, and is named", async () => {
  const api = { ...wholeApi(testContract), publicUrl: "https://{region}.api.example" };
  await expect(lintDocuments(api, newFolder())).rejects.toThrow("region");
});
