-- Owners are people, not names: a login that makes an owner belongs to one account of its platform from its first use on.

CREATE TABLE "OwnerLogin" (
  provider TEXT NOT NULL,
  -- Lower case.
  login TEXT NOT NULL,
  "providerAccountId" TEXT NOT NULL,
  "createdAt" TIMESTAMP(3) NOT NULL DEFAULT timezone('utc', now()),
  PRIMARY KEY (provider, login)
);

-- Owners that exist have the first right to their names. Of two that once had the same one, whoever used it last.
INSERT INTO "OwnerLogin" (provider, login, "providerAccountId")
SELECT DISTINCT ON (a.provider, lower(a.login)) a.provider::text, lower(a.login), a."providerAccountId"
FROM "ExternalAccount" a JOIN "User" u ON u.id = a."userId"
WHERE u.role = 'admin' AND a.login IS NOT NULL AND a."linkedAs" IS DISTINCT FROM 'bot_link'
ORDER BY a.provider, lower(a.login), a."updatedAt" DESC;

-- Whoever was an owner and is none any more: a name in the configuration does not bring it back.
ALTER TABLE "User" ADD COLUMN "adminRevokedAt" TIMESTAMP(3);
