-- The newest lines of the audit log, newest first. Argument: how many.
return redis.call('LRANGE', key('audit'), 0, ARGV[2] - 1)
