-- Every schedule's fields, by name, and last the time now (ms).
local names = redis.call('SMEMBERS', key('schedules'))
table.sort(names)
local rows = {}
for position, name in ipairs(names) do
  rows[position] = redis.call('HGETALL', key('schedule', name))
end
rows[#rows + 1] = string.format('%.0f', NOW)
return rows
