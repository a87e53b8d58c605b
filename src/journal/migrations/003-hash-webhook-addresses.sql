-- Addresses of webhooks were kept in full, and may hold a secret. An endpoint that is gone is found so again.
DELETE FROM meta WHERE key LIKE 'webhook disabled %';
