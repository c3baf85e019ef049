-- A batch's whole record, as field, value, …; empty for no such batch. Argument: batch.
return redis.call('HGETALL', key('batch', ARGV[2]))
