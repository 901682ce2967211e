-- Which bots are on, which channel of the platform they serve, and which account they speak with.

CREATE TABLE "BotIntegrationSettings" (
  id TEXT PRIMARY KEY DEFAULT gen_random_uuid()::text,
  "channelId" TEXT NOT NULL REFERENCES "Channel" (id) ON DELETE CASCADE,
  provider "BotIntegrationProvider" NOT NULL,
  enabled BOOLEAN NOT NULL DEFAULT false,
  "createdAt" TIMESTAMP(3) NOT NULL DEFAULT timezone('utc', now()),
  "updatedAt" TIMESTAMP(3) NOT NULL DEFAULT timezone('utc', now()),
  UNIQUE ("channelId", provider)
);
CREATE INDEX ON "BotIntegrationSettings" (provider, enabled);
CREATE TRIGGER touch BEFORE UPDATE ON "BotIntegrationSettings" FOR EACH ROW EXECUTE FUNCTION touch_updated_at();

-- A platform channel is served for one MemAlerts channel only: the partial unique index of each table.

CREATE TABLE "ChatBotSubscription" (
  id TEXT PRIMARY KEY DEFAULT gen_random_uuid()::text,
  "channelId" TEXT NOT NULL UNIQUE REFERENCES "Channel" (id) ON DELETE CASCADE,
  "twitchLogin" TEXT NOT NULL,
  enabled BOOLEAN NOT NULL DEFAULT true,
  "createdAt" TIMESTAMP(3) NOT NULL DEFAULT timezone('utc', now())
);
CREATE INDEX ON "ChatBotSubscription" (enabled);
CREATE UNIQUE INDEX ON "ChatBotSubscription" ("twitchLogin") WHERE enabled AND "twitchLogin" <> '';

CREATE TABLE "YouTubeChatBotSubscription" (
  id TEXT PRIMARY KEY DEFAULT gen_random_uuid()::text,
  "channelId" TEXT NOT NULL UNIQUE REFERENCES "Channel" (id) ON DELETE CASCADE,
  "userId" TEXT NOT NULL REFERENCES "User" (id) ON DELETE CASCADE,
  "youtubeChannelId" TEXT NOT NULL,
  enabled BOOLEAN NOT NULL DEFAULT true,
  "createdAt" TIMESTAMP(3) NOT NULL DEFAULT timezone('utc', now())
);
CREATE INDEX ON "YouTubeChatBotSubscription" (enabled);
CREATE INDEX ON "YouTubeChatBotSubscription" ("userId");
CREATE UNIQUE INDEX ON "YouTubeChatBotSubscription" ("youtubeChannelId") WHERE enabled AND "youtubeChannelId" <> '';

CREATE TABLE "VkVideoChatBotSubscription" (
  id TEXT PRIMARY KEY DEFAULT gen_random_uuid()::text,
  "channelId" TEXT NOT NULL UNIQUE REFERENCES "Channel" (id) ON DELETE CASCADE,
  "userId" TEXT REFERENCES "User" (id) ON DELETE SET NULL,
  "vkvideoChannelId" TEXT NOT NULL,
  "vkvideoChannelUrl" TEXT,
  enabled BOOLEAN NOT NULL DEFAULT true,
  "createdAt" TIMESTAMP(3) NOT NULL DEFAULT timezone('utc', now())
);
CREATE INDEX ON "VkVideoChatBotSubscription" (enabled);
CREATE INDEX ON "VkVideoChatBotSubscription" ("userId");
CREATE UNIQUE INDEX ON "VkVideoChatBotSubscription" ("vkvideoChannelId") WHERE enabled AND "vkvideoChannelId" <> '';

CREATE TABLE "TrovoChatBotSubscription" (
  id TEXT PRIMARY KEY DEFAULT gen_random_uuid()::text,
  "channelId" TEXT NOT NULL UNIQUE REFERENCES "Channel" (id) ON DELETE CASCADE,
  "userId" TEXT NOT NULL REFERENCES "User" (id) ON DELETE CASCADE,
  "trovoChannelId" TEXT NOT NULL,
  enabled BOOLEAN NOT NULL DEFAULT true,
  "createdAt" TIMESTAMP(3) NOT NULL DEFAULT timezone('utc', now())
);
CREATE INDEX ON "TrovoChatBotSubscription" (enabled);
CREATE INDEX ON "TrovoChatBotSubscription" ("userId");
CREATE UNIQUE INDEX ON "TrovoChatBotSubscription" ("trovoChannelId") WHERE enabled AND "trovoChannelId" <> '';

CREATE TABLE "KickChatBotSubscription" (
  id TEXT PRIMARY KEY DEFAULT gen_random_uuid()::text,
  "channelId" TEXT NOT NULL UNIQUE REFERENCES "Channel" (id) ON DELETE CASCADE,
  "userId" TEXT NOT NULL REFERENCES "User" (id) ON DELETE CASCADE,
  "kickChannelId" TEXT NOT NULL,
  enabled BOOLEAN NOT NULL DEFAULT true,
  "createdAt" TIMESTAMP(3) NOT NULL DEFAULT timezone('utc', now())
);
CREATE INDEX ON "KickChatBotSubscription" (enabled);
CREATE INDEX ON "KickChatBotSubscription" ("userId");
CREATE UNIQUE INDEX ON "KickChatBotSubscription" ("kickChannelId") WHERE enabled AND "kickChannelId" <> '';

CREATE TABLE "TwitchBotIntegration" (
  id TEXT PRIMARY KEY DEFAULT gen_random_uuid()::text,
  "channelId" TEXT NOT NULL UNIQUE REFERENCES "Channel" (id) ON DELETE CASCADE,
  "externalAccountId" TEXT NOT NULL UNIQUE REFERENCES "ExternalAccount" (id) ON DELETE CASCADE,
  enabled BOOLEAN NOT NULL DEFAULT true,
  "createdAt" TIMESTAMP(3) NOT NULL DEFAULT timezone('utc', now()),
  "updatedAt" TIMESTAMP(3) NOT NULL DEFAULT timezone('utc', now())
);
CREATE INDEX ON "TwitchBotIntegration" (enabled);
CREATE TRIGGER touch BEFORE UPDATE ON "TwitchBotIntegration" FOR EACH ROW EXECUTE FUNCTION touch_updated_at();

CREATE TABLE "GlobalTwitchBotCredential" (
  id TEXT PRIMARY KEY DEFAULT gen_random_uuid()::text,
  "externalAccountId" TEXT NOT NULL UNIQUE REFERENCES "ExternalAccount" (id) ON DELETE CASCADE,
  enabled BOOLEAN NOT NULL DEFAULT true,
  "createdAt" TIMESTAMP(3) NOT NULL DEFAULT timezone('utc', now()),
  "updatedAt" TIMESTAMP(3) NOT NULL DEFAULT timezone('utc', now())
);
CREATE INDEX ON "GlobalTwitchBotCredential" (enabled);
CREATE TRIGGER touch BEFORE UPDATE ON "GlobalTwitchBotCredential" FOR EACH ROW EXECUTE FUNCTION touch_updated_at();

CREATE TABLE "YouTubeBotIntegration" (
  id TEXT PRIMARY KEY DEFAULT gen_random_uuid()::text,
  "channelId" TEXT NOT NULL UNIQUE REFERENCES "Channel" (id) ON DELETE CASCADE,
  "externalAccountId" TEXT NOT NULL UNIQUE REFERENCES "ExternalAccount" (id) ON DELETE CASCADE,
  enabled BOOLEAN NOT NULL DEFAULT true,
  "createdAt" TIMESTAMP(3) NOT NULL DEFAULT timezone('utc', now()),
  "updatedAt" TIMESTAMP(3) NOT NULL DEFAULT timezone('utc', now())
);
CREATE INDEX ON "YouTubeBotIntegration" (enabled);
CREATE TRIGGER touch BEFORE UPDATE ON "YouTubeBotIntegration" FOR EACH ROW EXECUTE FUNCTION touch_updated_at();

CREATE TABLE "GlobalYouTubeBotCredential" (
  id TEXT PRIMARY KEY DEFAULT gen_random_uuid()::text,
  "externalAccountId" TEXT NOT NULL UNIQUE REFERENCES "ExternalAccount" (id) ON DELETE CASCADE,
  enabled BOOLEAN NOT NULL DEFAULT true,
  "createdAt" TIMESTAMP(3) NOT NULL DEFAULT timezone('utc', now()),
  "updatedAt" TIMESTAMP(3) NOT NULL DEFAULT timezone('utc', now())
);
CREATE INDEX ON "GlobalYouTubeBotCredential" (enabled);
CREATE TRIGGER touch BEFORE UPDATE ON "GlobalYouTubeBotCredential" FOR EACH ROW EXECUTE FUNCTION touch_updated_at();

CREATE TABLE "VkVideoBotIntegration" (
  id TEXT PRIMARY KEY DEFAULT gen_random_uuid()::text,
  "channelId" TEXT NOT NULL UNIQUE REFERENCES "Channel" (id) ON DELETE CASCADE,
  "externalAccountId" TEXT NOT NULL UNIQUE REFERENCES "ExternalAccount" (id) ON DELETE CASCADE,
  enabled BOOLEAN NOT NULL DEFAULT true,
  "createdAt" TIMESTAMP(3) NOT NULL DEFAULT timezone('utc', now()),
  "updatedAt" TIMESTAMP(3) NOT NULL DEFAULT timezone('utc', now())
);
CREATE INDEX ON "VkVideoBotIntegration" (enabled);
CREATE TRIGGER touch BEFORE UPDATE ON "VkVideoBotIntegration" FOR EACH ROW EXECUTE FUNCTION touch_updated_at();

CREATE TABLE "GlobalVkVideoBotCredential" (
  id TEXT PRIMARY KEY DEFAULT gen_random_uuid()::text,
  "externalAccountId" TEXT NOT NULL UNIQUE REFERENCES "ExternalAccount" (id) ON DELETE CASCADE,
  enabled BOOLEAN NOT NULL DEFAULT true,
  "createdAt" TIMESTAMP(3) NOT NULL DEFAULT timezone('utc', now()),
  "updatedAt" TIMESTAMP(3) NOT NULL DEFAULT timezone('utc', now())
);
CREATE INDEX ON "GlobalVkVideoBotCredential" (enabled);
CREATE TRIGGER touch BEFORE UPDATE ON "GlobalVkVideoBotCredential" FOR EACH ROW EXECUTE FUNCTION touch_updated_at();

CREATE TABLE "TrovoBotIntegration" (
  id TEXT PRIMARY KEY DEFAULT gen_random_uuid()::text,
  "channelId" TEXT NOT NULL UNIQUE REFERENCES "Channel" (id) ON DELETE CASCADE,
  "externalAccountId" TEXT NOT NULL UNIQUE REFERENCES "ExternalAccount" (id) ON DELETE CASCADE,
  enabled BOOLEAN NOT NULL DEFAULT true,
  "createdAt" TIMESTAMP(3) NOT NULL DEFAULT timezone('utc', now()),
  "updatedAt" TIMESTAMP(3) NOT NULL DEFAULT timezone('utc', now())
);
CREATE INDEX ON "TrovoBotIntegration" (enabled);
CREATE TRIGGER touch BEFORE UPDATE ON "TrovoBotIntegration" FOR EACH ROW EXECUTE FUNCTION touch_updated_at();

CREATE TABLE "GlobalTrovoBotCredential" (
  id TEXT PRIMARY KEY DEFAULT gen_random_uuid()::text,
  "externalAccountId" TEXT NOT NULL UNIQUE REFERENCES "ExternalAccount" (id) ON DELETE CASCADE,
  enabled BOOLEAN NOT NULL DEFAULT true,
  "createdAt" TIMESTAMP(3) NOT NULL DEFAULT timezone('utc', now()),
  "updatedAt" TIMESTAMP(3) NOT NULL DEFAULT timezone('utc', now())
);
CREATE INDEX ON "GlobalTrovoBotCredential" (enabled);
CREATE TRIGGER touch BEFORE UPDATE ON "GlobalTrovoBotCredential" FOR EACH ROW EXECUTE FUNCTION touch_updated_at();

CREATE TABLE "KickBotIntegration" (
  id TEXT PRIMARY KEY DEFAULT gen_random_uuid()::text,
  "channelId" TEXT NOT NULL UNIQUE REFERENCES "Channel" (id) ON DELETE CASCADE,
  "externalAccountId" TEXT NOT NULL UNIQUE REFERENCES "ExternalAccount" (id) ON DELETE CASCADE,
  enabled BOOLEAN NOT NULL DEFAULT true,
  "createdAt" TIMESTAMP(3) NOT NULL DEFAULT timezone('utc', now()),
  "updatedAt" TIMESTAMP(3) NOT NULL DEFAULT timezone('utc', now())
);
CREATE INDEX ON "KickBotIntegration" (enabled);
CREATE TRIGGER touch BEFORE UPDATE ON "KickBotIntegration" FOR EACH ROW EXECUTE FUNCTION touch_updated_at();

CREATE TABLE "GlobalKickBotCredential" (
  id TEXT PRIMARY KEY DEFAULT gen_random_uuid()::text,
  "externalAccountId" TEXT NOT NULL UNIQUE REFERENCES "ExternalAccount" (id) ON DELETE CASCADE,
  enabled BOOLEAN NOT NULL DEFAULT true,
  "createdAt" TIMESTAMP(3) NOT NULL DEFAULT timezone('utc', now()),
  "updatedAt" TIMESTAMP(3) NOT NULL DEFAULT timezone('utc', now())
);
CREATE INDEX ON "GlobalKickBotCredential" (enabled);
CREATE TRIGGER touch BEFORE UPDATE ON "GlobalKickBotCredential" FOR EACH ROW EXECUTE FUNCTION touch_updated_at();
