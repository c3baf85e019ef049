-- What is to be done. Arguments: the lanes. Returns the items of each lane that a worker could
-- claim now, and last the claimed ones. Takes a step for each batch that waits, whatever its size.
local rows = {}
for position = 2, #ARGV do
  local lane = ARGV[position]
  local count = redis.call('ZCARD', key('published', lane))
  for _, batch in ipairs(redis.call('ZRANGE', key('lane', lane), 0, -1)) do
    local last = batch_field(batch, 'pilot') and '(0' or '+inf'
    count = count + redis.call('ZCOUNT', key('waiting', batch), '-inf', last)
  end
  rows[#rows + 1] = count
end
rows[#rows + 1] = redis.call('ZCARD', key('claims'))
return rows
