import type { Child } from "hono/jsx";
import type { Context } from "hono";
import { html } from "hono/html";
import type { GuardedEnv } from "../guard.ts";

/** What every page shows around its content. */
export interface Frame {
  title: string;
  /** Which entry of the navigation is current. */
  current: "overview" | "incidents" | "runs" | "review" | "rejects" | "none";
  openIncidents: number;
  /** Runs that wait for a review, and items that are held. */
  waitingReviews: number;
  version: string;
  /** Full sentences on what people should see to while work goes on. */
  troubles: string[];
  /** Scripts of `static/` that the page needs besides the shared one. */
  scripts?: string[];
  styles?: string[];
}

/** Fills the frame of a page. */
export type FrameOf = (title: string, current: Frame["current"]) => Frame;

/** Answers a page. */
export function answerPage(
  c: Context<GuardedEnv>,
  frame: Frame,
  content: Child,
  status: 200 | 400 | 404 | 500 | 503 = 200,
) {
  c.header("Cache-Control", "no-store");
  const visitor = c.get("visitor");
  return c.html(
    html`<!doctype html>${(
      <Page frame={frame} csrf={visitor.csrfToken} signedIn={visitor.name}>
        {content}
      </Page>
    )}`,
    status,
  );
}

function Page(props: { frame: Frame; csrf: string; signedIn: string; children?: Child }) {
  const { frame, csrf, signedIn, children } = props;
  return (
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <meta name="csrf" content={csrf} />
        <title>{`${frame.title} · Evenkeel`}</title>
        <link rel="icon" href="/static/icon.svg" type="image/svg+xml" />
        <link rel="stylesheet" href="/static/evenkeel.css" />
        {frame.styles?.map((name) => (
          <link rel="stylesheet" href={`/static/${name}`} />
        ))}
        <script src="/static/theme.js"></script>
        <script src="/static/evenkeel.js" type="module"></script>
        {frame.scripts?.map((name) =>
          // uPlot's file defines a global, which a module could not.
          name.startsWith("uPlot") ? (
            <script src={`/static/${name}`} defer></script>
          ) : (
            <script src={`/static/${name}`} type="module"></script>
          ),
        )}
      </head>
      <body>
        <a class="skip" href="#main">
          Skip to content
        </a>
        <Navigation frame={frame} signedIn={signedIn} csrf={csrf} />
        <main id="main" tabindex={-1}>
          {frame.troubles.map((trouble) => (
            <p class="notice bad" role="status">
              {trouble}
            </p>
          ))}
          {children}
        </main>
        <footer>
          <span>Evenkeel {frame.version}</span>
          <a href="/openapi.json">API</a>
          <a href="/metrics">Metrics</a>
          <button type="button" class="link" data-theme-toggle>
            Switch light and dark
          </button>
          <span class="hint">
            Press <kbd>?</kbd> for keys
          </span>
        </footer>
        <KeysDialog />
      </body>
    </html>
  );
}

function KeysDialog() {
  return (
    <dialog id="keys" aria-labelledby="keys-title">
      <h2 id="keys-title">Keys</h2>
      <dl class="keys">
        <Key keys="g o" does="Overview" />
        <Key keys="g i" does="Incidents" />
        <Key keys="g r" does="Runs" />
        <Key keys="g v" does="Review" />
        <Key keys="/" does="Search" />
        <Key keys="j k" does="Next and previous row" />
        <Key keys="Enter" does="Open the row" />
      </dl>
      <form method="dialog">
        <button>Close</button>
      </form>
    </dialog>
  );
}

function Key({ keys, does }: { keys: string; does: string }) {
  return (
    <div>
      <dt>
        {keys.split(" ").map((key) => (
          <kbd>{key}</kbd>
        ))}
      </dt>
      <dd>{does}</dd>
    </div>
  );
}

function Navigation({ frame, signedIn, csrf }: { frame: Frame; signedIn: string; csrf: string }) {
  const link = (name: Frame["current"], href: string, label: string, count = 0) => (
    <a href={href} aria-current={frame.current === name ? "page" : undefined}>
      {label}
      {count > 0 ? <span class="count">{count}</span> : null}
    </a>
  );
  return (
    <header class="bar">
      <a class="brand" href="/">
        <svg viewBox="0 0 24 24" width="24" height="24" aria-hidden="true">
          <path d="M3 13h18l-3 6H6z" fill="currentColor" />
          <path d="M12 2v9M12 3l6 7h-6" fill="none" stroke="currentColor" stroke-width="2" />
        </svg>
        Evenkeel
      </a>
      <nav aria-label="Main">
        {link("overview", "/", "Overview")}
        {link("incidents", "/incidents", "Incidents", frame.openIncidents)}
        {link("runs", "/runs", "Runs")}
        {link("review", "/review", "Review", frame.waitingReviews)}
        {link("rejects", "/rejects", "Rejects")}
      </nav>
      {signedIn === "" ? null : (
        <form method="post" action="/sign-out">
          <input type="hidden" name="csrf" value={csrf} />
          <span class="who">{signedIn}</span>
          <button class="link">Sign out</button>
        </form>
      )}
    </header>
  );
}
