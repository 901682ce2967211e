-- When an account can be renewed no more, where the platform tells; null: no end is known.
ALTER TABLE "ExternalAccount" ADD COLUMN "grantEndsAt" TIMESTAMP(3);

-- Sealing a token with another key changes its text and nothing else: who does it says so for the transaction
-- (`memalerts.resealing`). Any other new text of a broken account is another link, whose end nobody told yet.
CREATE OR REPLACE FUNCTION memalerts_new_link_heals() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW."brokenAt" := NULL;
  NEW."brokenReason" := NULL;
  IF NEW."grantEndsAt" IS NOT DISTINCT FROM OLD."grantEndsAt" THEN NEW."grantEndsAt" := NULL; END IF;
  RETURN NEW;
END $$;
DROP TRIGGER heal ON "ExternalAccount";
CREATE TRIGGER heal BEFORE UPDATE ON "ExternalAccount" FOR EACH ROW
  WHEN (
    OLD."brokenAt" IS NOT NULL AND NEW."brokenAt" IS NOT DISTINCT FROM OLD."brokenAt"
    AND (NEW."accessToken", NEW."refreshToken") IS DISTINCT FROM (OLD."accessToken", OLD."refreshToken")
    AND current_setting('memalerts.resealing', true) IS DISTINCT FROM 'on'
  )
  EXECUTE FUNCTION memalerts_new_link_heals();
