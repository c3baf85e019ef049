-- The retired batches that ended last, newest first. Argument: limit. Returns batch, output, time of
-- its end (ms), …
local rows = {}
local found = redis.call('ZREVRANGE', key('retired'), 0, ARGV[2] - 1, 'WITHSCORES')
for position = 1, #found, 2 do
  rows[#rows + 1] = found[position]
  rows[#rows + 1] = redis.call('HGET', key('archive'), found[position])
  rows[#rows + 1] = found[position + 1]
end
return rows
