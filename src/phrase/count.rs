//! Numbers with their words.

use std::fmt::Display;

/// A number with its word: "1 file", "2 files".
#[must_use]
pub fn counted<N: Copy + Display + PartialEq + From<u8>>(count: N, one: &str, many: &str) -> String {
    let word = if count == N::from(1) { one } else { many };
    format!("{count} {word}")
}

/// "1 row", "2 rows".
#[must_use]
pub fn rows<N: Copy + Display + PartialEq + From<u8>>(count: N) -> String {
    counted(count, "row", "rows")
}

/// What was done, with the rows that it was done to: "Backfill 'name' (2 rows)".
#[must_use]
pub fn with_rows(done: &str, count: Option<u64>) -> String {
    count.map_or_else(|| done.to_owned(), |count| format!("{done} ({})", rows(count)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_is_not_many() {
        assert_eq!([counted(0_usize, "file", "files"), counted(1_u64, "file", "files")], ["0 files", "1 file"]);
        assert_eq!([with_rows("Seed", Some(1)), with_rows("Seed", Some(2))], ["Seed (1 row)", "Seed (2 rows)"]);
        assert_eq!(with_rows("Add", None), "Add");
    }
}
