-- What one insert brings lies in one file, and not in three for each column: each of them is synced before the insert is
-- confirmed. Merges make parts of more than 200 MB (before compression), in which a column is a file of its own.

ALTER TABLE runs {{on_cluster}} MODIFY SETTING min_bytes_for_wide_part = 200000000;

ALTER TABLE steps {{on_cluster}} MODIFY SETTING min_bytes_for_wide_part = 200000000;
