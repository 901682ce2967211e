-- Messages on their way to a platform. A row written with the contract's columns alone is delivered like any other.
-- Few indexes, on purpose: every further one costs a tenth of the rows that can be delivered in a second.
-- `nextAttemptAt` is cut, not rounded, to milliseconds: a fresh row must be due when its hint arrives.

CREATE TABLE "ChatBotOutboxMessage" (
  id TEXT PRIMARY KEY DEFAULT gen_random_uuid()::text,
  -- The order of delivery: creation times tie.
  seq BIGINT NOT NULL GENERATED ALWAYS AS IDENTITY,
  "channelId" TEXT NOT NULL REFERENCES "Channel" (id) ON DELETE CASCADE,
  "twitchLogin" TEXT NOT NULL,
  message TEXT NOT NULL,
  source TEXT NOT NULL DEFAULT 'say',
  "dedupKey" TEXT,
  status TEXT NOT NULL DEFAULT 'pending',
  attempts INT NOT NULL DEFAULT 0,
  "lastError" TEXT,
  "nextAttemptAt" TIMESTAMP(3) NOT NULL DEFAULT date_trunc('milliseconds', timezone('utc', now())),
  "expiresAt" TIMESTAMP(3) DEFAULT timezone('utc', now() + interval '10 minutes'),
  "claimToken" TEXT,
  -- Start number of the worker that claimed it.
  "claimedBy" BIGINT,
  "senderAccountId" TEXT,
  "platformMessageId" TEXT,
  "processingAt" TIMESTAMP(3),
  "sentAt" TIMESTAMP(3),
  "failedAt" TIMESTAMP(3),
  "createdAt" TIMESTAMP(3) NOT NULL DEFAULT timezone('utc', now()),
  "updatedAt" TIMESTAMP(3) NOT NULL DEFAULT timezone('utc', now())
);
-- The heads of channels: the only index the delivery reads.
CREATE INDEX ON "ChatBotOutboxMessage" ("channelId", seq) WHERE status IN ('pending', 'processing');
CREATE UNIQUE INDEX ON "ChatBotOutboxMessage" ("channelId", "dedupKey") WHERE "dedupKey" IS NOT NULL;
CREATE INDEX ON "ChatBotOutboxMessage" ("channelId", status, "createdAt");
CREATE INDEX ON "ChatBotOutboxMessage" ("createdAt");
CREATE TRIGGER touch BEFORE UPDATE ON "ChatBotOutboxMessage" FOR EACH ROW EXECUTE FUNCTION touch_updated_at();

CREATE TABLE "YouTubeChatBotOutboxMessage" (
  id TEXT PRIMARY KEY DEFAULT gen_random_uuid()::text,
  -- The order of delivery: creation times tie.
  seq BIGINT NOT NULL GENERATED ALWAYS AS IDENTITY,
  "channelId" TEXT NOT NULL REFERENCES "Channel" (id) ON DELETE CASCADE,
  "youtubeChannelId" TEXT NOT NULL,
  message TEXT NOT NULL,
  source TEXT NOT NULL DEFAULT 'say',
  "dedupKey" TEXT,
  status TEXT NOT NULL DEFAULT 'pending',
  attempts INT NOT NULL DEFAULT 0,
  "lastError" TEXT,
  "nextAttemptAt" TIMESTAMP(3) NOT NULL DEFAULT date_trunc('milliseconds', timezone('utc', now())),
  "expiresAt" TIMESTAMP(3) DEFAULT timezone('utc', now() + interval '10 minutes'),
  "claimToken" TEXT,
  -- Start number of the worker that claimed it.
  "claimedBy" BIGINT,
  "senderAccountId" TEXT,
  "platformMessageId" TEXT,
  "processingAt" TIMESTAMP(3),
  "sentAt" TIMESTAMP(3),
  "failedAt" TIMESTAMP(3),
  "createdAt" TIMESTAMP(3) NOT NULL DEFAULT timezone('utc', now()),
  "updatedAt" TIMESTAMP(3) NOT NULL DEFAULT timezone('utc', now())
);
-- The heads of channels: the only index the delivery reads.
CREATE INDEX ON "YouTubeChatBotOutboxMessage" ("channelId", seq) WHERE status IN ('pending', 'processing');
CREATE UNIQUE INDEX ON "YouTubeChatBotOutboxMessage" ("channelId", "dedupKey") WHERE "dedupKey" IS NOT NULL;
CREATE INDEX ON "YouTubeChatBotOutboxMessage" ("channelId", status, "createdAt");
CREATE INDEX ON "YouTubeChatBotOutboxMessage" ("createdAt");
CREATE TRIGGER touch BEFORE UPDATE ON "YouTubeChatBotOutboxMessage" FOR EACH ROW EXECUTE FUNCTION touch_updated_at();

CREATE TABLE "VkVideoChatBotOutboxMessage" (
  id TEXT PRIMARY KEY DEFAULT gen_random_uuid()::text,
  -- The order of delivery: creation times tie.
  seq BIGINT NOT NULL GENERATED ALWAYS AS IDENTITY,
  "channelId" TEXT NOT NULL REFERENCES "Channel" (id) ON DELETE CASCADE,
  "vkvideoChannelId" TEXT NOT NULL,
  message TEXT NOT NULL,
  source TEXT NOT NULL DEFAULT 'say',
  "dedupKey" TEXT,
  status TEXT NOT NULL DEFAULT 'pending',
  attempts INT NOT NULL DEFAULT 0,
  "lastError" TEXT,
  "nextAttemptAt" TIMESTAMP(3) NOT NULL DEFAULT date_trunc('milliseconds', timezone('utc', now())),
  "expiresAt" TIMESTAMP(3) DEFAULT timezone('utc', now() + interval '10 minutes'),
  "claimToken" TEXT,
  -- Start number of the worker that claimed it.
  "claimedBy" BIGINT,
  "senderAccountId" TEXT,
  "platformMessageId" TEXT,
  "processingAt" TIMESTAMP(3),
  "sentAt" TIMESTAMP(3),
  "failedAt" TIMESTAMP(3),
  "createdAt" TIMESTAMP(3) NOT NULL DEFAULT timezone('utc', now()),
  "updatedAt" TIMESTAMP(3) NOT NULL DEFAULT timezone('utc', now())
);
-- The heads of channels: the only index the delivery reads.
CREATE INDEX ON "VkVideoChatBotOutboxMessage" ("channelId", seq) WHERE status IN ('pending', 'processing');
CREATE UNIQUE INDEX ON "VkVideoChatBotOutboxMessage" ("channelId", "dedupKey") WHERE "dedupKey" IS NOT NULL;
CREATE INDEX ON "VkVideoChatBotOutboxMessage" ("channelId", status, "createdAt");
CREATE INDEX ON "VkVideoChatBotOutboxMessage" ("createdAt");
CREATE TRIGGER touch BEFORE UPDATE ON "VkVideoChatBotOutboxMessage" FOR EACH ROW EXECUTE FUNCTION touch_updated_at();

CREATE TABLE "TrovoChatBotOutboxMessage" (
  id TEXT PRIMARY KEY DEFAULT gen_random_uuid()::text,
  -- The order of delivery: creation times tie.
  seq BIGINT NOT NULL GENERATED ALWAYS AS IDENTITY,
  "channelId" TEXT NOT NULL REFERENCES "Channel" (id) ON DELETE CASCADE,
  "trovoChannelId" TEXT NOT NULL,
  message TEXT NOT NULL,
  source TEXT NOT NULL DEFAULT 'say',
  "dedupKey" TEXT,
  status TEXT NOT NULL DEFAULT 'pending',
  attempts INT NOT NULL DEFAULT 0,
  "lastError" TEXT,
  "nextAttemptAt" TIMESTAMP(3) NOT NULL DEFAULT date_trunc('milliseconds', timezone('utc', now())),
  "expiresAt" TIMESTAMP(3) DEFAULT timezone('utc', now() + interval '10 minutes'),
  "claimToken" TEXT,
  -- Start number of the worker that claimed it.
  "claimedBy" BIGINT,
  "senderAccountId" TEXT,
  "platformMessageId" TEXT,
  "processingAt" TIMESTAMP(3),
  "sentAt" TIMESTAMP(3),
  "failedAt" TIMESTAMP(3),
  "createdAt" TIMESTAMP(3) NOT NULL DEFAULT timezone('utc', now()),
  "updatedAt" TIMESTAMP(3) NOT NULL DEFAULT timezone('utc', now())
);
-- The heads of channels: the only index the delivery reads.
CREATE INDEX ON "TrovoChatBotOutboxMessage" ("channelId", seq) WHERE status IN ('pending', 'processing');
CREATE UNIQUE INDEX ON "TrovoChatBotOutboxMessage" ("channelId", "dedupKey") WHERE "dedupKey" IS NOT NULL;
CREATE INDEX ON "TrovoChatBotOutboxMessage" ("channelId", status, "createdAt");
CREATE INDEX ON "TrovoChatBotOutboxMessage" ("createdAt");
CREATE TRIGGER touch BEFORE UPDATE ON "TrovoChatBotOutboxMessage" FOR EACH ROW EXECUTE FUNCTION touch_updated_at();

CREATE TABLE "KickChatBotOutboxMessage" (
  id TEXT PRIMARY KEY DEFAULT gen_random_uuid()::text,
  -- The order of delivery: creation times tie.
  seq BIGINT NOT NULL GENERATED ALWAYS AS IDENTITY,
  "channelId" TEXT NOT NULL REFERENCES "Channel" (id) ON DELETE CASCADE,
  "kickChannelId" TEXT NOT NULL,
  message TEXT NOT NULL,
  source TEXT NOT NULL DEFAULT 'say',
  "dedupKey" TEXT,
  status TEXT NOT NULL DEFAULT 'pending',
  attempts INT NOT NULL DEFAULT 0,
  "lastError" TEXT,
  "nextAttemptAt" TIMESTAMP(3) NOT NULL DEFAULT date_trunc('milliseconds', timezone('utc', now())),
  "expiresAt" TIMESTAMP(3) DEFAULT timezone('utc', now() + interval '10 minutes'),
  "claimToken" TEXT,
  -- Start number of the worker that claimed it.
  "claimedBy" BIGINT,
  "senderAccountId" TEXT,
  "platformMessageId" TEXT,
  "processingAt" TIMESTAMP(3),
  "sentAt" TIMESTAMP(3),
  "failedAt" TIMESTAMP(3),
  "createdAt" TIMESTAMP(3) NOT NULL DEFAULT timezone('utc', now()),
  "updatedAt" TIMESTAMP(3) NOT NULL DEFAULT timezone('utc', now())
);
-- The heads of channels: the only index the delivery reads.
CREATE INDEX ON "KickChatBotOutboxMessage" ("channelId", seq) WHERE status IN ('pending', 'processing');
CREATE UNIQUE INDEX ON "KickChatBotOutboxMessage" ("channelId", "dedupKey") WHERE "dedupKey" IS NOT NULL;
CREATE INDEX ON "KickChatBotOutboxMessage" ("channelId", status, "createdAt");
CREATE INDEX ON "KickChatBotOutboxMessage" ("createdAt");
CREATE TRIGGER touch BEFORE UPDATE ON "KickChatBotOutboxMessage" FOR EACH ROW EXECUTE FUNCTION touch_updated_at();

