-- Every worker's owner, facts (JSON) and time (ms), and last the time now.
local rows = {}
local seen = redis.call('ZRANGE', key('seen'), 0, -1, 'WITHSCORES')
for position = 1, #seen, 2 do
  local facts = redis.call('HGET', key('workers'), seen[position])
  rows[#rows + 1] = {seen[position], facts or '{}', seen[position + 1]}
end
rows[#rows + 1] = string.format('%.0f', NOW)
return rows
