-- Before two spellings of a VK Video Live channel count as one (0016): where several are on, the first one stays on.
-- Without this such a database could not be brought up to date at all.
WITH later AS (
  SELECT s.id, s."channelId" FROM "VkVideoChatBotSubscription" s
  WHERE s.enabled AND s."vkvideoChannelId" <> '' AND EXISTS (
    SELECT FROM "VkVideoChatBotSubscription" earlier
    WHERE earlier.enabled AND lower(earlier."vkvideoChannelId") = lower(s."vkvideoChannelId")
      AND (earlier."createdAt", earlier.id) < (s."createdAt", s.id)
  )
), gates AS (
  UPDATE "BotIntegrationSettings" g SET enabled = false
  FROM later WHERE g."channelId" = later."channelId" AND g.provider = 'vkvideo'
)
UPDATE "VkVideoChatBotSubscription" s SET enabled = false FROM later WHERE s.id = later.id;
