-- What ties a consent page to the browser that opened it, and what an account was linked for.

ALTER TABLE "OAuthState"
  -- SHA-256 of a cookie: only the browser that started can finish. A state without it cannot be finished at all.
  ADD COLUMN "browserHash" TEXT,
  -- Of the instance that began it, where several share an application: a callback that arrives elsewhere is sent there.
  ADD COLUMN "instanceOrigin" TEXT,
  -- Rights asked for besides the usual ones, space-separated: those that an earlier link of the account had.
  ADD COLUMN "extraScopes" TEXT;

-- `login` and `link`: whoever owns the account is the user. `bot_link`: it may be anybody's who helps with the bot, so
-- it signs nobody in, and it goes when it is no bot any more. Null: from a writer that does not know the difference.
ALTER TABLE "ExternalAccount" ADD COLUMN "linkedAs" "OAuthStateKind";
