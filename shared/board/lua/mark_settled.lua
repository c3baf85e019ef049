-- Note that a batch's results so far are written. Arguments: batch, number of the newest change that
-- they were written after. Returns 1, or 0 where it changed since: it is settled once more.
local batch = ARGV[2]
even_when_full()
if (batch_field(batch, 'cursor') or '0') ~= ARGV[3] then
  return 0
end
redis.call('ZREM', key('settled'), batch)
return 1
