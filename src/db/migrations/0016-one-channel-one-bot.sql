-- VK Video Live takes a channel's name in any case: two spellings are one channel, which is served once.
DROP INDEX "VkVideoChatBotSubscription_vkvideoChannelId_idx";
CREATE UNIQUE INDEX ON "VkVideoChatBotSubscription" (lower("vkvideoChannelId"))
  WHERE enabled AND "vkvideoChannelId" <> '';
