-- Other tokens are another link, whoever wrote them: a writer that knows nothing of `brokenAt` heals the account too.
CREATE FUNCTION memalerts_new_link_heals() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW."brokenAt" := NULL;
  NEW."brokenReason" := NULL;
  RETURN NEW;
END $$;
CREATE TRIGGER heal BEFORE UPDATE ON "ExternalAccount" FOR EACH ROW
  WHEN (
    OLD."brokenAt" IS NOT NULL AND NEW."brokenAt" IS NOT DISTINCT FROM OLD."brokenAt"
    AND (NEW."accessToken", NEW."refreshToken") IS DISTINCT FROM (OLD."accessToken", OLD."refreshToken")
  )
  EXECUTE FUNCTION memalerts_new_link_heals();
