-- The time now, in ms.
return string.format('%.0f', NOW)
