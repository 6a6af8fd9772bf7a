-- A person has one line under a program at a time; after it was closed she may open another.
ALTER TABLE line DROP CONSTRAINT line_one_a_person_and_program;
CREATE UNIQUE INDEX line_one_a_person_and_program ON line (lane, person_id, program) WHERE state <> 3;
CREATE INDEX line_by_person ON line (lane, person_id);
