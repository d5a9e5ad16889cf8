//! Why reading or writing failed.

use std::io::{self, ErrorKind};

/// Why something failed, as part of a sentence.
#[must_use]
pub fn reason(error: &io::Error) -> String {
    match error.kind() {
        ErrorKind::NotFound => "it does not exist".to_owned(),
        ErrorKind::PermissionDenied => "permission denied".to_owned(),
        ErrorKind::IsADirectory => "it is a folder".to_owned(),
        ErrorKind::NotADirectory => "a part of its path is not a folder".to_owned(),
        ErrorKind::StorageFull => "no space is left on the disk".to_owned(),
        _ => {
            let text = error.to_string();
            let text = text.split(" (os error").next().unwrap_or_default();
            text.chars().take(1).flat_map(char::to_lowercase).chain(text.chars().skip(1)).collect()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_are_parts_of_a_sentence() {
        assert_eq!(reason(&io::Error::from_raw_os_error(40)), "too many levels of symbolic links");
        assert_eq!(reason(&ErrorKind::NotFound.into()), "it does not exist");
    }
}
