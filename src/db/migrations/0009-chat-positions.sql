-- How far each chat was read, so that a restart goes on where the last reader stopped; and until when a spent quota rests.

CREATE TABLE "ChatPosition" (
  provider TEXT NOT NULL,
  "channelId" TEXT NOT NULL REFERENCES "Channel" (id) ON DELETE CASCADE,
  -- The chat as its platform knows it: a channel may have several at once.
  chat TEXT NOT NULL,
  position TEXT NOT NULL,
  "updatedAt" TIMESTAMP(3) NOT NULL,
  PRIMARY KEY (provider, "channelId", chat)
);

ALTER TABLE "QuotaLedger" ADD COLUMN "pausedUntil" TIMESTAMP(3);
