-- Which message of a channel goes first: one that is being sent, then by rank, then in the order of writing. Ranks: 0 what
-- the streamer says and greetings, 1 answers to commands. Writers that do not know of ranks write 0.
-- `unconfirmedSends` counts how often the platform was given the message and did not say what became of it.
-- The head index is replaced, not joined by another: each further index costs a tenth of the rows delivered in a second.
-- 'processing' sorts after 'pending': hence DESC. A worker of before this migration still finds its heads, more slowly.

ALTER TABLE "ChatBotOutboxMessage"
  ADD COLUMN rank SMALLINT NOT NULL DEFAULT 0,
  ADD COLUMN "unconfirmedSends" SMALLINT;
DROP INDEX "ChatBotOutboxMessage_channelId_seq_idx";
CREATE INDEX ON "ChatBotOutboxMessage" ("channelId", status DESC, rank, seq) WHERE status IN ('pending', 'processing');

ALTER TABLE "YouTubeChatBotOutboxMessage"
  ADD COLUMN rank SMALLINT NOT NULL DEFAULT 0,
  ADD COLUMN "unconfirmedSends" SMALLINT;
DROP INDEX "YouTubeChatBotOutboxMessage_channelId_seq_idx";
CREATE INDEX ON "YouTubeChatBotOutboxMessage" ("channelId", status DESC, rank, seq) WHERE status IN ('pending', 'processing');

ALTER TABLE "VkVideoChatBotOutboxMessage"
  ADD COLUMN rank SMALLINT NOT NULL DEFAULT 0,
  ADD COLUMN "unconfirmedSends" SMALLINT;
DROP INDEX "VkVideoChatBotOutboxMessage_channelId_seq_idx";
CREATE INDEX ON "VkVideoChatBotOutboxMessage" ("channelId", status DESC, rank, seq) WHERE status IN ('pending', 'processing');

ALTER TABLE "TrovoChatBotOutboxMessage"
  ADD COLUMN rank SMALLINT NOT NULL DEFAULT 0,
  ADD COLUMN "unconfirmedSends" SMALLINT;
DROP INDEX "TrovoChatBotOutboxMessage_channelId_seq_idx";
CREATE INDEX ON "TrovoChatBotOutboxMessage" ("channelId", status DESC, rank, seq) WHERE status IN ('pending', 'processing');

ALTER TABLE "KickChatBotOutboxMessage"
  ADD COLUMN rank SMALLINT NOT NULL DEFAULT 0,
  ADD COLUMN "unconfirmedSends" SMALLINT;
DROP INDEX "KickChatBotOutboxMessage_channelId_seq_idx";
CREATE INDEX ON "KickChatBotOutboxMessage" ("channelId", status DESC, rank, seq) WHERE status IN ('pending', 'processing');
