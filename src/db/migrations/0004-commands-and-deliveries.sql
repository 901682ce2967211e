-- Commands, and the keys that keep a delivery from being handled twice.

CREATE TABLE "ChatBotCommand" (
  id TEXT PRIMARY KEY DEFAULT gen_random_uuid()::text,
  "channelId" TEXT NOT NULL REFERENCES "Channel" (id) ON DELETE CASCADE,
  trigger TEXT NOT NULL,
  "triggerNormalized" TEXT NOT NULL,
  response TEXT NOT NULL,
  enabled BOOLEAN NOT NULL DEFAULT true,
  "onlyWhenLive" BOOLEAN NOT NULL DEFAULT false,
  "allowedRoles" JSONB NOT NULL DEFAULT '[]',
  "allowedUsers" JSONB NOT NULL DEFAULT '[]',
  "vkvideoAllowedRoleIds" JSONB NOT NULL DEFAULT '[]',
  "createdAt" TIMESTAMP(3) NOT NULL DEFAULT timezone('utc', now()),
  "updatedAt" TIMESTAMP(3) NOT NULL DEFAULT timezone('utc', now()),
  UNIQUE ("channelId", "triggerNormalized")
);
CREATE INDEX ON "ChatBotCommand" (enabled);
CREATE INDEX ON "ChatBotCommand" ("channelId", enabled);
CREATE INDEX ON "ChatBotCommand" ("triggerNormalized");
CREATE TRIGGER touch BEFORE UPDATE ON "ChatBotCommand" FOR EACH ROW EXECUTE FUNCTION touch_updated_at();

CREATE TABLE "ChatBotEventDedup" (
  id TEXT PRIMARY KEY DEFAULT gen_random_uuid()::text,
  "channelId" TEXT NOT NULL REFERENCES "Channel" (id) ON DELETE CASCADE,
  kind TEXT NOT NULL,
  "eventId" TEXT NOT NULL,
  "createdAt" TIMESTAMP(3) NOT NULL DEFAULT timezone('utc', now()),
  UNIQUE (kind, "eventId")
);
CREATE INDEX ON "ChatBotEventDedup" ("channelId");
CREATE INDEX ON "ChatBotEventDedup" (kind);
CREATE INDEX ON "ChatBotEventDedup" ("createdAt");

CREATE TABLE "ExternalWebhookDeliveryDedup" (
  id TEXT PRIMARY KEY DEFAULT gen_random_uuid()::text,
  provider "ExternalRewardProvider" NOT NULL,
  "messageId" TEXT NOT NULL,
  "receivedAt" TIMESTAMP(3) NOT NULL DEFAULT timezone('utc', now()),
  "externalEventId" TEXT,
  UNIQUE (provider, "messageId")
);
CREATE INDEX ON "ExternalWebhookDeliveryDedup" ("receivedAt");

-- Deliveries of webhooks that a worker handles later.
CREATE TABLE "WebhookInbox" (
  seq BIGINT PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
  provider TEXT NOT NULL,
  "channelId" TEXT NOT NULL REFERENCES "Channel" (id) ON DELETE CASCADE,
  "deliveryId" TEXT NOT NULL,
  -- The same happening under another delivery id.
  "businessKey" TEXT,
  "eventType" TEXT NOT NULL,
  payload JSONB NOT NULL,
  status TEXT NOT NULL DEFAULT 'pending',
  "receivedAt" TIMESTAMP(3) NOT NULL DEFAULT timezone('utc', now()),
  "processedAt" TIMESTAMP(3),
  UNIQUE (provider, "deliveryId")
);
CREATE UNIQUE INDEX ON "WebhookInbox" (provider, "businessKey") WHERE "businessKey" IS NOT NULL;
CREATE INDEX ON "WebhookInbox" (provider, "channelId", seq) WHERE status = 'pending';
CREATE INDEX ON "WebhookInbox" ("receivedAt");

-- Event subscriptions at a platform as last seen, so that a streamer can be told why greetings are silent.
CREATE TABLE "PlatformEventSubscription" (
  provider TEXT NOT NULL,
  "channelId" TEXT NOT NULL REFERENCES "Channel" (id) ON DELETE CASCADE,
  type TEXT NOT NULL,
  status TEXT NOT NULL,
  reason TEXT,
  "remoteId" TEXT,
  "updatedAt" TIMESTAMP(3) NOT NULL DEFAULT timezone('utc', now()),
  PRIMARY KEY (provider, "channelId", type)
);
CREATE TRIGGER touch BEFORE UPDATE ON "PlatformEventSubscription" FOR EACH ROW EXECUTE FUNCTION touch_updated_at();
