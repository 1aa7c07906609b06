import { createHash, createHmac, pbkdf2Sync } from "node:crypto";
import { expect, test } from "vitest";
import { type Login, logIn } from "../../../worker/producers/kafka/login.ts";

/** A broker that knows a user and speaks SCRAM as RFC 5802 has it, or not quite. */
const scramBroker = (
  mechanism: Login["mechanism"],
  password: string,
  { iterations = 4_096, challenge = (text: string) => text, signature = (text: string) => text } = {},
) => {
  const hash = mechanism === "SCRAM-SHA-256" ? "sha256" : "sha512";
  const salt = Buffer.from("salt of the user");
  const hmac = (key: Buffer, text: string) => createHmac(hash, key).update(text).digest();
  const sent: string[] = [];
  let first = "";
  const exchange = async (bytes: Uint8Array): Promise<Uint8Array> => {
    const text = Buffer.from(bytes).toString();
    sent.push(text);
    if (sent.length === 1) {
      const nonce = /r=(.*)$/.exec(text)?.[1];
      first = challenge(`r=${nonce}theirs,s=${salt.toString("base64")},i=${iterations}`);
      return Buffer.from(first);
    }
    const [, last = "", proof = ""] = /^(.*),p=(.*)$/.exec(text) ?? [];
    const salted = pbkdf2Sync(password, salt, iterations, hash === "sha256" ? 32 : 64, hash);
    const message = `${sent[0]?.slice(3)},${first},${last}`;
    const clientKey = hmac(salted, "Client Key");
    const clientSignature = hmac(createHash(hash).update(clientKey).digest(), message);
    if (!Buffer.from(proof, "base64").equals(Buffer.from(clientKey.map((byte, index) => byte ^ (clientSignature[index] ?? 0)))))
      throw new Error("The broker refuses the proof.");
    return Buffer.from(signature(`v=${hmac(hmac(salted, "Server Key"), message).toString("base64")}`));
  };
  return { exchange, sent };
};

const login = (mechanism: Login["mechanism"], password: string, username = "user"): Login => ({ mechanism, username, password });

test.each(["SCRAM-SHA-256", "SCRAM-SHA-512"] as const)("%s proves the password, and has the broker prove it", async (mechanism) => {
  const broker = scramBroker(mechanism, "pencil");
  await expect(logIn(login(mechanism, "pencil"), broker.exchange)).resolves.toBeUndefined();
  expect(broker.sent.join()).not.toContain("pencil");
  await expect(logIn(login(mechanism, "wrong"), scramBroker(mechanism, "pencil").exchange)).rejects.toThrow("refuses the proof");
});

test("answers the example of RFC 7677", async () => {
  const sent: string[] = [];
  const answers = [
    "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
    "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=",
  ];
  const exchange = async (bytes: Uint8Array) => Buffer.from(answers[sent.push(Buffer.from(bytes).toString()) - 1] ?? "");
  await logIn(login("SCRAM-SHA-256", "pencil"), exchange, "rOprNGfwEbeRWgbNEkqO");
  expect(sent).toEqual([
    "n,,n=user,r=rOprNGfwEbeRWgbNEkqO",
    "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=",
  ]);
});

test("a broker that only pretends to know the password is refused", async () => {
  const forged = [() => "v=AAAA", () => "v=", () => "e=other-error", () => "", (text: string) => `${text.slice(0, -4)}AAA=`];
  for (const signature of forged) {
    const { exchange } = scramBroker("SCRAM-SHA-256", "pencil", { signature });
    await expect(logIn(login("SCRAM-SHA-256", "pencil"), exchange)).rejects.toMatchObject({
      outcome: "rejected",
      message: expect.stringMatching(/did not prove/),
    });
  }
});

test.each([
  ["of another nonce", () => "r=other,s=QQ==,i=4096"],
  ["without a nonce of its own", (text: string) => text.replace("theirs", "")],
  ["without a salt", (text: string) => text.replace(/s=[^,]*/, "s=")],
  ["with a salt that is no base64", (text: string) => text.replace(/s=[^,]*/, "s=A")],
  ["that is empty", () => ""],
  ["that is an error", () => "e=unknown-user"],
  ["with an extension", (text: string) => `m=ext,${text}`],
])("a challenge %s is refused before anything of the password is sent", async (_, challenge) => {
  const { exchange, sent } = scramBroker("SCRAM-SHA-256", "pencil", { challenge });
  await expect(logIn(login("SCRAM-SHA-256", "pencil"), exchange)).rejects.toMatchObject({
    message: expect.stringMatching(/not one of SCRAM/),
  });
  expect(sent).toHaveLength(1);
});

test.each([1, 4_095, 100_001, 999_999_999])(
  "%s iterations are refused: too unsafe, or more than a Worker calculates",
  async (iterations) => {
    const { exchange } = scramBroker("SCRAM-SHA-256", "pencil", { challenge: (text) => text.replace(/i=.*/, `i=${iterations}`) });
    await expect(logIn(login("SCRAM-SHA-256", "pencil"), exchange)).rejects.toMatchObject({
      message: expect.stringMatching(/4096 to 100000/),
    });
  },
);

test("a password travels as Kafka stores it: unprepared, in UTF-8", async () => {
  for (const password of ["pässwörd €😀", "e\u0301", "ﬁ", "a,b=c"])
    await logIn(login("SCRAM-SHA-512", password), scramBroker("SCRAM-SHA-512", password).exchange);
  const { exchange, sent } = scramBroker("SCRAM-SHA-256", "p");
  await logIn(login("SCRAM-SHA-256", "p", "a,b=c"), exchange);
  expect(sent[0]).toMatch(/^n,,n=a=2Cb=3Dc,r=/);
});

test("PLAIN sends user and password", async () => {
  const sent: string[] = [];
  await logIn(login("PLAIN", "pä ss"), async (bytes) => (sent.push(Buffer.from(bytes).toString()), new Uint8Array()));
  expect(sent).toEqual(["\0user\0pä ss"]);
});

test.each(["a\0b", "a\nb", "a\ud800b"])("what no broker takes is refused before it is sent", async (password) => {
  await expect(logIn(login("PLAIN", password), async () => expect.unreachable())).rejects.toMatchObject({
    outcome: "rejected",
    message: expect.stringMatching(/^KAFKA_PASSWORD has a control character/),
  });
});
