import { readFileSync } from "node:fs";
import { expect, it } from "vitest";

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), "utf8");
const { dependencies } = JSON.parse(read("package.json")) as { dependencies: Record<string, string> };
const { packages } = JSON.parse(read("package-lock.json")) as {
  packages: Record<string, { dev?: boolean; link?: boolean; integrity?: string; hasInstallScript?: boolean }>;
};
const installed = Object.entries(packages).filter(
  ([path, { dev, link }]) => path.includes("node_modules/") && dev !== true && link !== true,
);

it.each(Object.keys(dependencies).filter((name) => name !== "@evenkeel/sdk"))(
  "docs/adr/0003 says why %s is there",
  (name) => {
    expect(read("docs/adr/0003-dependencies.md")).toContain(`\`${name}\``);
  },
);

it("every dependency is pinned to one version", () => {
  expect(Object.values(dependencies).filter((version) => !/^\d+\.\d+\.\d+$/.test(version))).toEqual([]);
});

it("the lock file holds a checksum of every package of the product", () => {
  const unchecked = installed.filter(([, { integrity }]) => integrity === undefined).map(([path]) => path);
  // Engines of other platforms, which the registry behind which the file was written does not carry.
  expect(unchecked.filter((path) => !/\/@chdb\/lib-(?:darwin|linux-arm64)/.test(path))).toEqual([]);
});

it("no package of the product needs its install script", () => {
  const scripted = installed.filter(([, { hasInstallScript }]) => hasInstallScript === true);
  // chdb's does nothing, protobufjs's prints a notice; the image is built with --ignore-scripts.
  expect(new Set(scripted.map(([path]) => path.split("node_modules/").at(-1)))).toEqual(
    new Set(["chdb", "protobufjs"]),
  );
  expect(read("Dockerfile")).toContain("npm ci --ignore-scripts");
});
