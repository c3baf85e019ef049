-- The output of a retired batch; false where the index has none of this id. Argument: batch.
return redis.call('HGET', key('archive'), ARGV[2])
