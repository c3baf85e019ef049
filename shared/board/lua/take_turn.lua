-- Take a turn that one at a time has, or keep it. Arguments: its name, who asks, lease in ms.
-- Returns 0 while another has it, else 1.
local turn = key('turn', ARGV[2])
local holder = redis.call('GET', turn)
if holder and holder ~= ARGV[3] then
  return 0
end
redis.call('SET', turn, ARGV[3], 'PX', ARGV[4])
return 1
