import type { Reporter, TestCase, TestModule, Vitest } from "vitest/node";

/** Closes the output with one line that any program can read: `N passed, N failed`. */
export class ClosingLineReporter implements Reporter {
  private chosen: () => RegExp | undefined = () => undefined;

  onInit(vitest: Vitest): void {
    this.chosen = () => vitest.getGlobalTestNamePattern();
  }

  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly unknown[]): void {
    let passed = 0;
    let failed = unhandledErrors.length;
    for (const module of modules) {
      const before = passed + failed;
      for (const test of module.children.allTests()) {
        // A skipped test counts as failed: a missing part must fail the run. One that `-t` left out was not asked for.
        if (test.result().state === "passed") passed += 1;
        else if (this.isChosen(test)) failed += 1;
      }
      if (module.state() === "failed" && passed + failed === before) failed += 1;
    }
    process.stdout.write(`${passed} passed, ${failed} failed\n`);
    if (failed > 0) process.exitCode = 1;
  }

  /** Whether the pattern of `-t` matches the name, put together as vitest's runner does. */
  private isChosen(test: TestCase): boolean {
    const pattern = this.chosen();
    if (pattern === undefined) return true;
    const names = [test.name];
    for (let at = test.parent; at.type === "suite"; at = at.parent) names.unshift(at.name);
    return test.result().state === "failed" || names.join(" ").match(pattern) !== null;
  }
}
