-- End the lease of every claim of one owner now; the next sweep puts the items back.
-- Argument: owner. Returns their number.
even_when_full()
local names = redis.call('SMEMBERS', key('owned', ARGV[2]))
for _, name in ipairs(names) do
  redis.call('ZADD', key('claims'), 'XX', NOW, name)
end
return #names
