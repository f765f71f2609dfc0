import { createServer } from "node:http";
import { Readable } from "node:stream";
import { filePreferences, syntheticPreferences } from "./preferences.ts";

// A process of its own, so that its memory and time are not the profile's: streams NDJSON as the collector does.
const [source = "100000", columns] = process.argv.slice(2);
const count = Number(source);
const records = Array.from(Number.isInteger(count) ? syntheticPreferences(count) : filePreferences(source, columns));
const server = createServer((_request, response) => {
  Readable.from(lines()).pipe(response);
});
server.listen(0, "127.0.0.1", () => process.send?.({ address: server.address(), records: records.length }));

function* lines(): Generator<string> {
  for (let start = 0; start < records.length; start += 200) {
    yield records
      .slice(start, start + 200)
      .map((record) => `${JSON.stringify(record)}\n`)
      .join("");
  }
}
