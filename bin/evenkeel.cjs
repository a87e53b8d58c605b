#!/usr/bin/env node
// The size of libuv's thread pool is read when the pool is first used, which loading an ES module already does.
// With the default of 4, four slow ClickHouse queries hold up every fdatasync of the spool.
process.env.UV_THREADPOOL_SIZE ??= "16";
import("../dist/main.js");
