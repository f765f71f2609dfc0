import { defineConfig } from "vitest/config";
import { Sequencer } from "./test/e2e/sequencer.ts";

export default defineConfig({
  test: {
    sequence: { sequencer: Sequencer },
    projects: [
      {
        test: {
          name: "unit",
          include: ["test/unit/**/*.test.ts", "trainer-image/test/**/*.test.ts"],
          // A busy machine of two cores is slow, not wrong.
          testTimeout: 60_000,
        },
      },
      {
        test: {
          name: "integration",
          include: ["test/integration/**/*.test.ts"],
          globalSetup: "test/integration/setup.ts",
          testTimeout: 30_000,
          hookTimeout: 90_000,
          // The files share one control plane and two cores: side by side they would only disturb each other's timing.
          fileParallelism: false,
        },
      },
      {
        test: {
          name: "e2e",
          include: ["test/e2e/**/*.test.ts"],
          globalSetup: "test/e2e/setup.ts",
          testTimeout: 600_000,
          hookTimeout: 1_200_000,
          fileParallelism: false,
        },
      },
    ],
  },
});
