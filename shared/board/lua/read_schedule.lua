-- A schedule's fields. Argument: name. Returns none for no such schedule.
return redis.call('HGETALL', key('schedule', ARGV[2]))
