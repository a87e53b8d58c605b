/** Where a person gives their key. The page holds nothing else. */
export function SignInPage({ to, wrong }: { to: string; wrong: boolean }) {
  return (
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>Sign in · Evenkeel</title>
        <link rel="stylesheet" href="/static/evenkeel.css" />
        <script src="/static/theme.js"></script>
      </head>
      <body class="sign-in">
        <main id="main">
          <h1>Evenkeel</h1>
          {wrong ? (
            <p class="notice bad" role="alert">
              This key is not valid here.
            </p>
          ) : null}
          <form method="post" action="/sign-in">
            <input type="hidden" name="to" value={to} />
            <label>
              Key
              <input type="password" name="key" required autofocus autocomplete="current-password" />
            </label>
            <button class="primary">Sign in</button>
          </form>
        </main>
      </body>
    </html>
  );
}

/**
 * What a visitor sees who follows a link from another site: the session cookie is not sent then, because it is
 * SameSite=Strict. The page asks for itself again, and that request is from this site.
 */
export function FromElsewherePage() {
  return (
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta http-equiv="refresh" content="0" />
        <title>Evenkeel</title>
      </head>
      <body></body>
    </html>
  );
}
