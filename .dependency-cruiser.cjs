// Import direction: arrows run one way (ARCHITECTURE.md). Each room lists the only rooms it may import.
const may = {
  model: [],
  detectors: ["model"],
  incidents: ["model"],
  store: ["model"],
  journal: ["model"],
  collector: ["model", "store"],
  alerts: ["model", "journal"],
  review: ["model", "store", "journal"],
  import: ["model", "collector"],
  history: ["model", "store", "journal"],
  web: ["model", "store", "journal", "review", "history"],
};
const rooms = Object.keys(may);

module.exports = {
  forbidden: [
    {
      name: "no-cycles",
      severity: "error",
      from: {},
      to: { circular: true, dependencyTypesNot: ["type-only"] },
    },
    ...rooms.map((room) => ({
      name: `${room}-imports-only-${may[room].join("-and-") || "nothing"}`,
      severity: "error",
      from: { path: `^src/${room}/` },
      to: { path: "^src/", pathNot: `^src/(${[room, ...may[room]].join("|")})/` },
    })),
    {
      name: "sdk-imports-nothing-of-the-sidecar",
      severity: "error",
      from: { path: "^sdk/src/" },
      to: { path: "^src/" },
    },
    {
      name: "pure-rooms-do-no-io",
      severity: "error",
      from: { path: "^src/(model|detectors|incidents)/" },
      to: { dependencyTypes: ["core"], pathNot: "^(node:)?crypto$" },
    },
    {
      name: "no-dev-dependencies-in-the-product",
      severity: "error",
      from: { path: "^(src|sdk/src)/" },
      to: { dependencyTypes: ["npm-dev"] },
    },
  ],
  options: {
    tsConfig: { fileName: "tsconfig.json" },
    tsPreCompilationDeps: true,
    doNotFollow: { path: "node_modules" },
    enhancedResolveOptions: { exportsFields: ["exports"], conditionNames: ["import", "types", "node"] },
  },
};
