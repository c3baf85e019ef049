-- How many batches were opened after a batch, itself counted; nil for no such batch.
-- Argument: batch.
local opened = redis.call('ZSCORE', key('batches'), ARGV[2])
if not opened then
  return nil
end
local rank = redis.call('ZCOUNT', key('batches'), '(' .. opened, '+inf')
-- Those of the very same millisecond stand in the order of their names.
while redis.call('ZREVRANGE', key('batches'), rank, rank)[1] ~= ARGV[2] do
  rank = rank + 1
end
return rank + 1
