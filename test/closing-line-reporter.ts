import type { Reporter, TestModule } from "vitest/node";

/** Closes the output with one line that any program can read: `N passed, N failed`. */
export class ClosingLineReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly unknown[]): void {
    let passed = 0;
    let failed = unhandledErrors.length;
    for (const module of modules) {
      const before = passed + failed;
      for (const test of module.children.allTests()) {
        // A skipped test counts as failed: a missing part must fail the run.
        if (test.result().state === "passed") passed += 1;
        else failed += 1;
      }
      if (module.state() === "failed" && passed + failed === before) failed += 1;
    }
    process.stdout.write(`${passed} passed, ${failed} failed\n`);
    if (failed > 0) process.exitCode = 1;
  }
}
