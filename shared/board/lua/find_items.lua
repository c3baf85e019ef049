-- Items that a filter asks for, in manifest order. Arguments: batch, after, most to be found, most to
-- be looked at, filter (JSON), 'rows', 'numbers' or 'count'.
-- Returns {} for no such batch, else {number to go on after or '', then what was found}.
local batch, after = ARGV[2], tonumber(ARGV[3])
local most, budget = tonumber(ARGV[4]), tonumber(ARGV[5])
local wanted, what = cjson.decode(ARGV[6]), ARGV[7]
local total = tonumber(batch_field(batch, 'total') or -1)
if total < 0 then
  return {}
end

-- The first items after the last one, as many as may be looked at.
local function candidates()
  local numbers = {}
  if not wanted.states then
    for number = after + 1, math.min(after + budget, total - 1) do
      numbers[#numbers + 1] = number
    end
    return numbers
  end
  for _, state in ipairs(wanted.states) do
    local found = redis.call('ZRANGEBYSCORE', key('in_state', batch, state),
      '(' .. string.format('%.0f', after), '+inf', 'LIMIT', 0, budget)
    for _, number in ipairs(found) do
      numbers[#numbers + 1] = tonumber(number)
    end
  end
  table.sort(numbers)
  return numbers
end

local function says(spec)
  spec = cjson.decode(spec)
  local text = string.lower(spec.i .. '\n' .. spec.s)
  for _, needle in ipairs(wanted.needles) do
    if string.find(text, needle, 1, true) then
      return true
    end
  end
  return false
end

local function fits_gate(score, why)
  score = tonumber(score)
  return not (wanted.below and (not score or score >= wanted.below))
    and not (wanted.from and (not score or score < wanted.from))
    and not (wanted.reason and not string.find(',' .. (why or '') .. ',',
      ',' .. wanted.reason .. ',', 1, true))
    and not (wanted.passed ~= nil and wanted.passed ~= (score and not why or false))
end

local function fits(number)
  local spec = redis.call('HGET', key('specs', batch), number)
  local fields = redis.call('HMGET', key('item', batch, number), 'state', 'stage', 'score', 'why',
    'code', 'approved')
  local waited = fields[1] == 'held' or fields[1] == 'rejected'
  if not spec or wanted.stage and not (waited and fields[2] == wanted.stage)
    or wanted.code and fields[5] ~= wanted.code
    or wanted.approved ~= nil and wanted.approved ~= (fields[6] and true or false) then
    return false
  end
  return fits_gate(fields[3], fields[4]) and (not wanted.needles or says(spec))
end

local numbers, found, looked = candidates(), {}, 0
local seen = math.min(#numbers, budget)
while looked < seen and #found < most do
  looked = looked + 1
  local number = string.format('%.0f', numbers[looked])
  if fits(number) then
    found[#found + 1] = what == 'rows' and item_row(batch, number) or number
  end
end
local is_over = looked == #numbers and #numbers < budget
local next = is_over and '' or string.format('%.0f', numbers[looked] or after)
return what == 'count' and {next, #found} or {next, unpack(found)}
