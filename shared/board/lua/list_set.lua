-- The members of one of the board's sets of batches. Argument: the set's name.
return redis.call('SMEMBERS', key(ARGV[2]))
