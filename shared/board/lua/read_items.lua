-- Items in manifest order, in one consistent picture. Arguments: batch, state or '', after, limit.
-- Returns {} for no such batch, else {total, then a row per item}.
local batch, state, after, limit = ARGV[2], ARGV[3], tonumber(ARGV[4]), tonumber(ARGV[5])
local total = tonumber(batch_field(batch, 'total') or -1)
if total < 0 then
  return {}
end
local numbers = {}
if state ~= '' then
  numbers = redis.call('ZRANGEBYSCORE', key('in_state', batch, state),
    '(' .. after, '+inf', 'LIMIT', 0, limit)
else
  for number = after + 1, math.min(after + limit, total - 1) do
    numbers[#numbers + 1] = string.format('%.0f', number)
  end
end
local rows = {total}
for _, number in ipairs(numbers) do
  rows[#rows + 1] = item_row(batch, number) or nil
end
return rows
