-- What was agreed of a plan beside its count, its fee and who bears it: method, yearly rate, timing. NULL for most.
ALTER TABLE payment ADD COLUMN plan_priced jsonb;
