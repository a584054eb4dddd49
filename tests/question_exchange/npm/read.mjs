// Reads {"texts": […]} from standard input; writes for each text the questions that gift-pegjs finds, or null.
import { readFileSync } from "node:fs";
import { parse } from "gift-pegjs";

function read(text) {
  try {
    return parse(text);
  } catch {
    return null;
  }
}

process.stdout.write(JSON.stringify(JSON.parse(readFileSync(0, "utf8")).texts.map(read)));
