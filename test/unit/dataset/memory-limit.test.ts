import { expect, test } from "vitest";
import { databaseShare } from "../../../src/dataset/memory-limit.ts";

const gibibyte = 2 ** 30;

test.each([
  [0.25, 128 / 1024],
  [1, 0.5],
  [2, 1.1],
  [16, 8.8],
])("a container of %d GiB leaves DuckDB %d GiB", (container, database) => {
  expect(databaseShare(container * gibibyte) / gibibyte).toBeCloseTo(database, 5);
});
