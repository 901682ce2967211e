-- What is deleted by its age is found by an index: otherwise every hour would look at every row.
CREATE INDEX ON "ApiToken" ("expiresAt") WHERE "expiresAt" IS NOT NULL;
CREATE INDEX ON "ChannelWatch" (until);
