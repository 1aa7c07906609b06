import { useState } from "react";
import type { Client } from "../../client/index.ts";
import type { contract } from "../../test/project/app/contract.ts";
import { Countdown } from "./countdown.tsx";
import { Report } from "./report.tsx";

/** The page. Its button puts the form away and brings it back, and what was ordered meanwhile goes on. */
export const App = ({ client }: { readonly client: Client<typeof contract> }) => {
  const [isOpen, setIsOpen] = useState(true);
  return (
    <main>
      <h1>Report</h1>
      <p>It takes a few seconds. Put it away or load the page anew meanwhile: the request is taken up again.</p>
      <button type="button" onClick={() => setIsOpen(!isOpen)}>
        {isOpen ? "Put away" : "Bring back"}
      </button>
      {isOpen && <Report client={client} />}
      <Countdown client={client} />
    </main>
  );
};
