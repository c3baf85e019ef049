-- Items and decisions as replies, which shared/board/records.py reads.

-- Who decided, when (ms) and why, by place among the batch's decisions.
local told = {}

local function teller(batch, place)
  local log, known = key('decisions', batch), member(batch, place)
  if not told[known] then
    local record = cjson.decode(redis.call('HGET', log, place))
    told[known] = {record.by, redis.call('HGET', log, place .. ':at'), record.reason}
  end
  return told[known]
end

-- {number, spec, outcome or '', fields of its hash, approved mask or '', decision or {}}, or false
-- for no such item.
local function item_row(batch, number)
  local spec = redis.call('HGET', key('specs', batch), number)
  if not spec then
    return false
  end
  local fields, place = redis.call('HGETALL', key('item', batch, number)), false
  for position = 1, #fields, 2 do
    place = fields[position] == 'decision' and fields[position + 1] or place
  end
  return {number, spec, redis.call('HGET', key('outcomes', batch), number) or '', fields,
    redis.call('HGET', key('frozen', batch), number) or '', place and teller(batch, place) or {}}
end

-- {record (JSON), time (ms), items that it changed} of each place that there is.
local function decision_rows(batch, places)
  local log, rows = key('decisions', batch), {}
  for _, place in ipairs(places) do
    local fields = redis.call('HMGET', log, place, place .. ':at', place .. ':moved')
    if fields[1] then
      rows[#rows + 1] = {fields[1], fields[2], fields[3] or '0'}
    end
  end
  return rows
end
