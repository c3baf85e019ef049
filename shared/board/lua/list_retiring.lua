-- The batches whose items are not all removed yet.
return redis.call('HKEYS', key('retiring'))
