-- Whether there is a token, one that has expired too. Returns 1 or 0.
return redis.call('EXISTS', key('token_names'))
