-- Deliveries with their tries. Arguments: a delivery, or '' and the first and the last position from
-- the newest. Returns per delivery: id, fields of its record, due time or '', tries.
local ids = {ARGV[2]}
if ARGV[2] == '' then
  ids = redis.call('ZREVRANGE', key('deliveries'), ARGV[3], ARGV[4])
end
local rows = {}
for _, id in ipairs(ids) do
  local fields = redis.call('HGETALL', key('delivery', id))
  if #fields > 0 then
    local due = redis.call('ZSCORE', key('due_deliveries'), id) or ''
    rows[#rows + 1] = {id, fields, due, redis.call('LRANGE', key('delivery_tries', id), 0, -1)}
  end
end
return rows
