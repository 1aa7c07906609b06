import type { Page } from "playwright-core";

/** What goes wrong in a page from now on: errors and warnings of its console, uncaught exceptions, violations of its content security policy. */
export const collectComplaints = async (page: Page): Promise<readonly string[]> => {
  const complaints: string[] = [];
  page.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning") complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(error.message));
  await page.exposeFunction("reportViolation", (directive: string) => complaints.push(`violates ${directive}`));
  await page.addInitScript(
    `document.addEventListener("securitypolicyviolation", (event) => window.reportViolation(event.violatedDirective));`,
  );
  return complaints;
};
