// Sends a file: by fetch, and in chunks with Expect by node:http.
import { readFileSync } from "node:fs";
import { request } from "node:http";

const [address, file] = process.argv.slice(2);
const body = readFileSync(file, "utf8");
for (let number = 0; number < 2; number++) {
  const answer = await fetch(address, { method: "POST", body, headers: { "content-type": "application/json" } });
  console.log(answer.status, await answer.text());
}
const sent = request(address, { method: "POST", headers: { expect: "100-continue" } });
sent.on("continue", () => sent.end(body));
sent.on("response", async (answer) => {
  let text = "";
  for await (const part of answer) text += part;
  console.log(answer.statusCode, text);
});
sent.flushHeaders();
