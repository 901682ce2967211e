-- Tenants, people and their linked accounts. All times are UTC without a zone; defaults say so for any writer.

CREATE FUNCTION touch_updated_at() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW."updatedAt" := timezone('utc', now());
  RETURN NEW;
END $$;

CREATE TYPE "BotIntegrationProvider" AS ENUM ('twitch', 'vkplaylive', 'vkvideo', 'youtube', 'trovo', 'kick');
CREATE TYPE "ExternalAccountProvider" AS ENUM
  ('twitch', 'youtube', 'vk', 'vkvideo', 'vkplay', 'kick', 'trovo', 'boosty', 'discord');
CREATE TYPE "OAuthStateKind" AS ENUM ('login', 'link', 'bot_link');
CREATE TYPE "ExternalRewardProvider" AS ENUM ('kick', 'trovo', 'vkvideo', 'twitch');

CREATE TABLE "Channel" (
  id TEXT PRIMARY KEY DEFAULT gen_random_uuid()::text,
  "twitchChannelId" TEXT UNIQUE,
  slug TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL,
  "creditsStyleJson" TEXT,
  "creditsIgnoredChattersJson" JSONB NOT NULL DEFAULT '[]',
  "creditsTokenVersion" INT NOT NULL DEFAULT 1,
  "creditsReconnectWindowMinutes" INT NOT NULL DEFAULT 60,
  "streamDurationCommandJson" TEXT,
  "followGreetingsEnabled" BOOLEAN NOT NULL DEFAULT false,
  "followGreetingTemplate" TEXT,
  "createdAt" TIMESTAMP(3) NOT NULL DEFAULT timezone('utc', now())
);
-- Slugs are compared in lower case; a mixed-case slug of an older writer must be found all the same.
CREATE INDEX ON "Channel" (lower(slug));

CREATE TABLE "User" (
  id TEXT PRIMARY KEY DEFAULT gen_random_uuid()::text,
  "twitchUserId" TEXT UNIQUE,
  "displayName" TEXT NOT NULL,
  "profileImageUrl" TEXT,
  role TEXT NOT NULL DEFAULT 'viewer',
  "channelId" TEXT REFERENCES "Channel" (id) ON DELETE SET NULL,
  "twitchAccessToken" TEXT,
  "twitchRefreshToken" TEXT,
  "hasBetaAccess" BOOLEAN NOT NULL DEFAULT false,
  "createdAt" TIMESTAMP(3) NOT NULL DEFAULT timezone('utc', now())
);
CREATE INDEX ON "User" ("channelId");
CREATE INDEX ON "User" ("hasBetaAccess");
CREATE INDEX ON "User" (lower("displayName"));

CREATE TABLE "ExternalAccount" (
  id TEXT PRIMARY KEY DEFAULT gen_random_uuid()::text,
  "userId" TEXT NOT NULL REFERENCES "User" (id) ON DELETE CASCADE,
  provider "ExternalAccountProvider" NOT NULL,
  "providerAccountId" TEXT NOT NULL,
  "displayName" TEXT,
  login TEXT,
  "avatarUrl" TEXT,
  "profileUrl" TEXT,
  "accessToken" TEXT,
  "refreshToken" TEXT,
  "deviceId" TEXT,
  scopes TEXT,
  "tokenExpiresAt" TIMESTAMP(3),
  -- Set when the platform says the grant is dead; a new link clears both.
  "brokenAt" TIMESTAMP(3),
  "brokenReason" TEXT,
  "createdAt" TIMESTAMP(3) NOT NULL DEFAULT timezone('utc', now()),
  "updatedAt" TIMESTAMP(3) NOT NULL DEFAULT timezone('utc', now()),
  UNIQUE (provider, "providerAccountId")
);
CREATE INDEX ON "ExternalAccount" ("userId");
CREATE INDEX ON "ExternalAccount" (provider, login);
CREATE INDEX ON "ExternalAccount" ("providerAccountId");
CREATE TRIGGER touch BEFORE UPDATE ON "ExternalAccount" FOR EACH ROW EXECUTE FUNCTION touch_updated_at();

CREATE TABLE "OAuthState" (
  state TEXT PRIMARY KEY,
  provider "ExternalAccountProvider" NOT NULL,
  kind "OAuthStateKind" NOT NULL,
  "userId" TEXT REFERENCES "User" (id) ON DELETE CASCADE,
  -- No foreign key: the default bot's link carries a sentinel.
  "channelId" TEXT,
  "redirectTo" TEXT,
  origin TEXT,
  "codeVerifier" TEXT,
  "expiresAt" TIMESTAMP(3) NOT NULL,
  "consumedAt" TIMESTAMP(3),
  "createdAt" TIMESTAMP(3) NOT NULL DEFAULT timezone('utc', now())
);
CREATE INDEX ON "OAuthState" ("expiresAt");
CREATE INDEX ON "OAuthState" (provider, kind);
CREATE INDEX ON "OAuthState" ("userId");
CREATE INDEX ON "OAuthState" ("channelId");

CREATE TABLE "ChannelEntitlement" (
  id TEXT PRIMARY KEY DEFAULT gen_random_uuid()::text,
  "channelId" TEXT NOT NULL REFERENCES "Channel" (id) ON DELETE CASCADE,
  key TEXT NOT NULL,
  enabled BOOLEAN NOT NULL DEFAULT true,
  "expiresAt" TIMESTAMP(3),
  source TEXT,
  "createdAt" TIMESTAMP(3) NOT NULL DEFAULT timezone('utc', now()),
  "updatedAt" TIMESTAMP(3) NOT NULL DEFAULT timezone('utc', now()),
  UNIQUE ("channelId", key)
);
CREATE INDEX ON "ChannelEntitlement" (key, enabled);
CREATE INDEX ON "ChannelEntitlement" ("expiresAt");
CREATE TRIGGER touch BEFORE UPDATE ON "ChannelEntitlement" FOR EACH ROW EXECUTE FUNCTION touch_updated_at();

CREATE TABLE "AuditLog" (
  id TEXT PRIMARY KEY DEFAULT gen_random_uuid()::text,
  "actorId" TEXT REFERENCES "User" (id) ON DELETE SET NULL,
  -- Null for what concerns the whole installation.
  "channelId" TEXT REFERENCES "Channel" (id) ON DELETE CASCADE,
  action TEXT NOT NULL,
  "payloadJson" TEXT NOT NULL DEFAULT '{}',
  "createdAt" TIMESTAMP(3) NOT NULL DEFAULT timezone('utc', now())
);
CREATE INDEX ON "AuditLog" ("channelId");
CREATE INDEX ON "AuditLog" ("actorId");
CREATE INDEX ON "AuditLog" ("createdAt");
