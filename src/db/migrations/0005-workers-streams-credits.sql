-- What workers know of themselves, of streams and of the people in chat.

-- One row per life of a worker process. Its start number is the fence of everything it writes, and the key of the
-- advisory lock that proves it alive.
CREATE TABLE "BotWorker" (
  "startNumber" BIGINT PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
  provider TEXT NOT NULL,
  host TEXT NOT NULL,
  pid INT NOT NULL,
  "startedAt" TIMESTAMP(3) NOT NULL DEFAULT timezone('utc', now()),
  "heartbeatAt" TIMESTAMP(3) NOT NULL DEFAULT timezone('utc', now())
);
CREATE INDEX ON "BotWorker" (provider);

-- Who reads a channel. A row whose worker is dead is free.
CREATE TABLE "BotChannelLease" (
  provider TEXT NOT NULL,
  "channelId" TEXT NOT NULL REFERENCES "Channel" (id) ON DELETE CASCADE,
  "startNumber" BIGINT NOT NULL,
  "acquiredAt" TIMESTAMP(3) NOT NULL DEFAULT timezone('utc', now()),
  PRIMARY KEY (provider, "channelId")
);
CREATE INDEX ON "BotChannelLease" ("startNumber");

-- Written when a reader's state changes, never while idle.
CREATE TABLE "BotChannelHealth" (
  provider TEXT NOT NULL,
  "channelId" TEXT NOT NULL REFERENCES "Channel" (id) ON DELETE CASCADE,
  state TEXT NOT NULL,
  reason TEXT,
  since TIMESTAMP(3) NOT NULL DEFAULT timezone('utc', now()),
  "startNumber" BIGINT,
  "updatedAt" TIMESTAMP(3) NOT NULL DEFAULT timezone('utc', now()),
  PRIMARY KEY (provider, "channelId")
);
CREATE TRIGGER touch BEFORE UPDATE ON "BotChannelHealth" FOR EACH ROW EXECUTE FUNCTION touch_updated_at();

-- What each platform says about a channel's stream.
CREATE TABLE "ChannelLiveState" (
  "channelId" TEXT NOT NULL REFERENCES "Channel" (id) ON DELETE CASCADE,
  provider TEXT NOT NULL,
  "isLive" BOOLEAN NOT NULL,
  -- When this fact began.
  since TIMESTAMP(3) NOT NULL,
  -- When it was last confirmed.
  "seenAt" TIMESTAMP(3) NOT NULL DEFAULT timezone('utc', now()),
  PRIMARY KEY ("channelId", provider)
);

-- The interval the stream-duration command measures: the union of all platforms.
CREATE TABLE "StreamRun" (
  "channelId" TEXT PRIMARY KEY REFERENCES "Channel" (id) ON DELETE CASCADE,
  "runId" TEXT NOT NULL,
  status TEXT NOT NULL,
  "startedAt" TIMESTAMP(3) NOT NULL,
  "onlineMs" BIGINT NOT NULL DEFAULT 0,
  "segmentStartedAt" TIMESTAMP(3),
  "offlineAt" TIMESTAMP(3),
  "updatedAt" TIMESTAMP(3) NOT NULL DEFAULT timezone('utc', now())
);
CREATE INDEX ON "StreamRun" ("updatedAt");

CREATE TABLE "CreditsRoll" (
  "channelId" TEXT PRIMARY KEY REFERENCES "Channel" (id) ON DELETE CASCADE,
  status TEXT NOT NULL,
  "startedAt" TIMESTAMP(3) NOT NULL,
  "lastSeenAt" TIMESTAMP(3) NOT NULL,
  "offlineAt" TIMESTAMP(3),
  "expiresAt" TIMESTAMP(3) NOT NULL
);
CREATE INDEX ON "CreditsRoll" ("expiresAt");

CREATE TABLE "CreditsChatter" (
  "channelId" TEXT NOT NULL REFERENCES "CreditsRoll" ("channelId") ON DELETE CASCADE,
  "userId" TEXT NOT NULL,
  -- Order of first appearance.
  seq BIGINT NOT NULL GENERATED ALWAYS AS IDENTITY,
  "displayName" TEXT NOT NULL,
  "avatarUrl" TEXT,
  PRIMARY KEY ("channelId", "userId")
);
CREATE INDEX ON "CreditsChatter" ("channelId", seq);

CREATE TABLE "CreditsDonor" (
  "channelId" TEXT NOT NULL REFERENCES "CreditsRoll" ("channelId") ON DELETE CASCADE,
  -- The name in lower case: a repeat overwrites the amount.
  "nameKey" TEXT NOT NULL,
  seq BIGINT NOT NULL GENERATED ALWAYS AS IDENTITY,
  name TEXT NOT NULL,
  amount DOUBLE PRECISION NOT NULL,
  currency TEXT NOT NULL,
  "avatarUrl" TEXT,
  PRIMARY KEY ("channelId", "nameKey")
);
CREATE INDEX ON "CreditsDonor" ("channelId", seq);

CREATE TABLE "QuotaLedger" (
  provider TEXT NOT NULL,
  project TEXT NOT NULL,
  day DATE NOT NULL,
  method TEXT NOT NULL,
  calls BIGINT NOT NULL DEFAULT 0,
  units BIGINT NOT NULL DEFAULT 0,
  PRIMARY KEY (provider, project, day, method)
);
