-- Whether Redis has room for more work: refused where it is full, else 1.
refuse_when_full()
return 1
