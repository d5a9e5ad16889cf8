//! The types of a CSV file's columns, for a table that the script does not declare.

use std::sync::Arc;

use crate::ast::Name;
use crate::data::{Type, Value};
use crate::engine::Fault;
use crate::phrase::counted;
use crate::rows::csv::{Records, read_header};

/// From narrow to wide; a column has the first of them that reads all its values, and `text` if none does.
const CANDIDATES: [Type; 6] =
    [Type::Integer, Type::BigInt, Type::Numeric(None), Type::Boolean, Type::Date, Type::Timestamp];

/// The columns of a CSV text with the narrowest type that fits all their values; names are folded to lower case. A
/// column without values is `text`, and so is one whose numbers have leading zeros.
///
/// # Errors
/// The text is not CSV, or a row is longer or shorter than the header.
pub fn infer_types(file: &str, bytes: &[u8]) -> Result<Vec<(Name, Type)>, Fault> {
    let mut records = Records::new(file, bytes);
    let header = read_header(&mut records)?;
    let mut guesses = vec![Guess { fits: [true; CANDIDATES.len()], seen: false }; header.len()];
    while records.advance()? {
        if records.len() != header.len() {
            let (found, wanted) = (records.len(), header.len());
            return Err(records.fault(&format!(
                "{}, but the header names {}",
                counted(found, "value", "values"),
                counted(wanted, "column", "columns")
            )));
        }
        for (guess, field) in guesses.iter_mut().zip(records.fields()?) {
            if let Some(text) = field {
                guess.narrow(text);
            }
        }
    }
    let named = header.iter().zip(guesses);
    Ok(named.map(|(name, guess)| (Arc::from(name.to_lowercase()), guess.ty())).collect())
}

#[derive(Clone)]
struct Guess {
    fits: [bool; CANDIDATES.len()],
    seen: bool,
}

impl Guess {
    fn narrow(&mut self, text: &str) {
        self.seen = true;
        for (fits, ty) in self.fits.iter_mut().zip(CANDIDATES) {
            *fits = *fits && reads(text, ty);
        }
    }

    fn ty(&self) -> Type {
        let first = CANDIDATES.iter().zip(self.fits).find(|(_, fits)| *fits && self.seen);
        first.map_or(Type::Text, |(ty, _)| *ty)
    }
}

/// Whether a text is written as a value of the type usually is; stricter than what `PostgreSQL` would accept.
fn reads(text: &str, ty: Type) -> bool {
    let form = match ty {
        Type::Integer | Type::BigInt | Type::Numeric(_) => is_number(text),
        Type::Boolean => matches!(text.to_ascii_lowercase().as_str(), "true" | "false"),
        _ => text.len() >= 8 && text.as_bytes().first().is_some_and(u8::is_ascii_digit),
    };
    let day_only = ty != Type::Date || text.len() <= 10;
    form && day_only && Value::parse(text, ty).is_ok()
}

/// Digits with at most one point and a sign, without leading zeros.
fn is_number(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let whole = digits.split('.').next().unwrap_or_default();
    let padded = whole.len() > 1 && whole.starts_with('0');
    !whole.is_empty() && !padded && digits.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
}
