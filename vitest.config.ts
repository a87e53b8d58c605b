import { defineConfig } from "vitest/config";
import { ClosingLineReporter } from "./test/closing-line-reporter.ts";

export default defineConfig({
  resolve: { alias: { "@evenkeel/sdk": new URL("./sdk/src/index.ts", import.meta.url).pathname } },
  test: {
    reporters: ["default", new ClosingLineReporter()],
    projects: [
      {
        extends: true,
        test: {
          name: "unit",
          include: ["test/unit/**/*.test.ts", "test/unit/**/*.test.tsx", "sdk/test/unit/**/*.test.ts"],
          testTimeout: 10_000,
          // Files share a process, as modules keep no state; a file that replaces something global puts it back.
          isolate: false,
          maxWorkers: "100%",
        },
      },
      {
        extends: true,
        test: {
          name: "integration",
          include: ["test/integration/**/*.test.ts", "sdk/test/integration/**/*.test.ts"],
          testTimeout: 120_000,
          hookTimeout: 120_000,
          globalSetup: "test/built-bin.ts",
          fileParallelism: false,
          pool: "forks",
        },
      },
    ],
  },
});
