-- The time now (ms).
return string.format('%.0f', NOW)
