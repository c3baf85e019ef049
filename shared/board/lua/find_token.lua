-- One token. Argument: id. Returns its fields (none where there is no such token) and the time.
return {redis.call('HGETALL', key('token', ARGV[2])), string.format('%.0f', NOW)}
