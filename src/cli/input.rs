//! Reads files that people name, and says clearly why one cannot be read.

use crate::diagnostic::Complaint;
use crate::phrase::{meant, nearest, reason};
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use super::output::complain;
use crate::source::Source;

/// What standard input is called on the command line.
pub const STDIN: &str = "-";

/// What standard input is called in messages.
pub const STDIN_NAME: &str = "<stdin>";

/// The byte order mark that some editors write before UTF-8.
pub const BYTE_ORDER_MARK: &str = "\u{feff}";

/// Offsets into a script have 32 bits.
const MOST_BYTES: u64 = u32::MAX as u64;

/// A file that cannot be read as a script, or not be written back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InputError {
    /// What was to be done with it: `read`.
    pub verb: &'static str,
    /// Its path, as given.
    pub path: String,
    /// Why, as part of a sentence.
    pub why: String,
    /// What to do instead.
    pub help: Option<String>,
}

impl InputError {
    pub(super) fn new(path: &Path, why: impl Into<String>) -> Self {
        Self { verb: "read", path: path.display().to_string(), why: why.into(), help: None }
    }

    /// Writes it to standard error.
    pub fn complain(&self) {
        let Complaint { message, help } = self.complaint();
        complain(&message, help.as_deref());
    }

    /// The whole sentence.
    #[must_use]
    pub fn complaint(&self) -> Complaint {
        let message = format!("cannot {} `{}`: {}", self.verb, self.path, self.why);
        Complaint { message, help: self.help.clone() }
    }
}

/// A text that was read.
#[derive(Clone, Debug)]
pub struct Input {
    /// The text, without a byte order mark.
    pub source: Source,
    /// Whether the file began with a byte order mark.
    pub byte_order_mark: bool,
}

/// Reads a script from a file, or from standard input where `path` is `-`.
///
/// # Errors
/// The file is missing, unreadable, a folder, over 4 GiB or not UTF-8.
pub fn read(path: &Path) -> Result<Input, InputError> {
    if path.as_os_str() == STDIN {
        let name = Path::new(STDIN_NAME);
        return decode(name, slurp(io::stdin().lock(), 0).map_err(|e| InputError::new(name, reason(&e)))?);
    }
    let file = File::open(path).map_err(|error| unopened(path, &error))?;
    let metadata = file.metadata().map_err(|error| InputError::new(path, reason(&error)))?;
    if metadata.is_dir() {
        let help = "name a script in it; `miglab check` takes folders as well".to_owned();
        return Err(InputError { help: Some(help), ..InputError::new(path, "it is a folder") });
    }
    if metadata.len() > MOST_BYTES {
        return Err(too_large(path));
    }
    let bytes = slurp(file, metadata.len()).map_err(|error| InputError::new(path, reason(&error)))?;
    decode(path, bytes)
}

fn slurp(from: impl Read, expected_bytes: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::with_capacity(usize::try_from(expected_bytes).unwrap_or(0));
    from.take(MOST_BYTES + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn decode(path: &Path, bytes: Vec<u8>) -> Result<Input, InputError> {
    if bytes.len() as u64 > MOST_BYTES {
        return Err(too_large(path));
    }
    let text = String::from_utf8(bytes).map_err(|error| not_utf8(path, error.as_bytes(), &error.utf8_error()))?;
    let (text, byte_order_mark) = match text.strip_prefix(BYTE_ORDER_MARK) {
        Some(stripped) => (stripped, true),
        None => (text.as_str(), false),
    };
    Ok(Input { source: Source::new(path.display().to_string(), text), byte_order_mark })
}

fn too_large(path: &Path) -> InputError {
    InputError::new(path, "it has more than 4 GiB")
}

fn not_utf8(path: &Path, bytes: &[u8], error: &std::str::Utf8Error) -> InputError {
    let valid = &bytes[..error.valid_up_to()];
    let line = valid.split(|byte| *byte == b'\n').count();
    let byte = valid.iter().rev().take_while(|byte| **byte != b'\n').count() + 1;
    let wrong = bytes.get(error.valid_up_to()).copied().unwrap_or_default();
    let why = format!("it is not UTF-8: line {line} has 0x{wrong:02X} as its byte {byte}");
    let help = match bytes {
        [0xFF, 0xFE, ..] | [0xFE, 0xFF, ..] => "it looks like UTF-16: convert it with `iconv -f UTF-16 -t UTF-8`",
        _ => "save it as UTF-8",
    };
    InputError { help: Some(help.to_owned()), ..InputError::new(path, why) }
}

fn unopened(path: &Path, error: &io::Error) -> InputError {
    let help = if error.kind() == io::ErrorKind::NotFound { near(path) } else { None };
    InputError { help, ..InputError::new(path, reason(error)) }
}

/// The name most like the wanted one in its folder.
fn near(path: &Path) -> Option<String> {
    let wanted = path.file_name()?.to_str()?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let names = folder.unwrap_or(Path::new(".")).read_dir().ok()?.flatten();
    let mut names: Vec<String> = names.filter_map(|entry| entry.file_name().into_string().ok()).collect();
    names.sort();
    let name = nearest(wanted, names.iter().map(String::as_str))?;
    Some(meant(&folder.map_or(name.into(), |folder| folder.join(name)).display().to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_bytes(bytes: &[u8]) -> Result<Input, InputError> {
        decode(Path::new("x.mig"), bytes.to_vec())
    }

    #[test]
    fn a_byte_order_mark_is_taken_off() {
        let input = read_bytes(b"\xEF\xBB\xBFexpand").unwrap();
        assert_eq!((input.source.text(), input.byte_order_mark), ("expand", true));
    }

    #[test]
    fn what_is_not_utf8_is_told_with_its_place() {
        let error = read_bytes(b"one\nt\xC3\xBCwo\n\xC3\xBCx\xFF").unwrap_err();
        assert_eq!(error.why, "it is not UTF-8: line 3 has 0xFF as its byte 4");
        assert!(read_bytes(b"\xFF\xFEe\0").unwrap_err().help.unwrap().contains("UTF-16"));
    }

    #[test]
    fn a_missing_file_is_told_with_the_name_most_like_it() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["rename.mig", "other.mig"] {
            std::fs::write(folder.path().join(name), "").unwrap();
        }
        let error = read(&folder.path().join("renmae.mig")).unwrap_err();
        assert_eq!(error.why, "it does not exist");
        assert!(error.help.unwrap().contains("rename.mig"));
        assert_eq!(read(&folder.path().join("x")).unwrap_err().help, None);
    }

    #[test]
    fn a_folder_is_told() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(read(folder.path()).unwrap_err().why, "it is a folder");
    }
}
