select a::text, ':from', $$ :to $$, e'\':x' from t -- :from
where at >= :from and at < :to /* /* :to */ */;