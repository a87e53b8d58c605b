/** Lets many callers share one slow step, such as a sync to disk. */
export interface GroupCommit<T> {
  /**
   * Resolves once the item is committed, and everything that was added before it. A failed commit fails all that
   * was waiting at the time: a later item may be the retry of one that failed, and must not be told it is safe.
   */
  add(item: T): Promise<void>;
  /** Runs a turn even if nothing was added. */
  nudge: () => void;
  /** Resolves once nothing is under way. */
  idle(): Promise<void>;
  /** What is under way, oldest first. */
  underWay(): { items: number; oldest: T | undefined };
}

/** The two steps of a turn. */
export interface GroupCommitSteps<T> {
  /** Commits a group, in order. May be called with an empty one. */
  commit: (items: readonly T[]) => Promise<void>;
  /** Runs after every commit, also a failed one. Must not throw. */
  afterwards: () => Promise<void> | void;
}

interface Waiting<T> {
  item: T;
  resolve: () => void;
  reject: (error: unknown) => void;
}

/** Commits in groups: whatever comes while one commit is under way makes up the next. */
export function createGroupCommit<T>(steps: GroupCommitSteps<T>): GroupCommit<T> {
  let waiting: Waiting<T>[] = [];
  let writing: Waiting<T>[] = [];
  let isNudged = false;
  let running: Promise<void> | null = null;

  async function run(): Promise<void> {
    while (waiting.length > 0 || isNudged) {
      isNudged = false;
      writing = waiting;
      waiting = [];
      try {
        await steps.commit(writing.map(({ item }) => item));
        for (const { resolve } of writing) resolve();
      } catch (error) {
        for (const { reject } of [...writing, ...waiting]) reject(error);
        waiting = [];
      }
      writing = [];
      await steps.afterwards();
    }
    running = null;
  }

  function start(): void {
    running ??= run();
  }

  return {
    add: (item) =>
      new Promise((resolve, reject) => {
        waiting.push({ item, resolve, reject });
        start();
      }),
    nudge() {
      isNudged = true;
      start();
    },
    async idle() {
      while (running !== null) await running;
    },
    underWay: () => ({ items: writing.length + waiting.length, oldest: (writing[0] ?? waiting[0])?.item }),
  };
}
