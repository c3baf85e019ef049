-- Take items whose files are to be copied after a decision, for a while. Arguments: 'publishing' or
-- 'unpublishing', limit, time in ms after which others take them. Returns batch, row, end of the lease (ms), batch, …
local kind, limit, lease = ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4])
local taken = {}
for _, name in ipairs(redis.call('ZRANGEBYSCORE', key(kind), '-inf', NOW, 'LIMIT', 0, limit)) do
  local batch, number = split(name)
  local row = item_row(batch, number)
  if row then
    redis.call('ZADD', key(kind), NOW + lease, name)
    taken[#taken + 1] = batch
    taken[#taken + 1] = row
    taken[#taken + 1] = string.format('%.0f', NOW + lease)
  else
    redis.call('ZREM', key(kind), name)
  end
end
return taken
