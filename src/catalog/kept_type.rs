//! What the words of a type tell that the language does not know.

use crate::catalog::Column;
use crate::data::Value;

/// What is known of such a type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeptType {
    /// `char(n)`: blanks at the end count for nothing, and a text of more than `n` characters is refused.
    Padded(u32),
    /// A moment or a length of time with fewer digits, or without its day: values become the same.
    Rounded,
    /// `citext`: a text as it is, of which upper and lower case are equal.
    Folded,
    /// An array.
    Array,
    /// Nothing: an enum, a domain, a type of an extension.
    Named,
}

impl KeptType {
    /// What the words say.
    #[must_use]
    pub fn of(written: &str) -> Self {
        let words: String = written.chars().filter(|c| !c.is_whitespace()).map(|c| c.to_ascii_lowercase()).collect();
        let words = words.strip_prefix("pg_catalog.").unwrap_or(&words);
        let (name, argument) = words.split_once('(').map_or((words, None), |(name, rest)| (name, Some(rest)));
        let length = argument.and_then(|rest| rest.split(')').next()?.parse().ok());
        if words.ends_with(']') || words.ends_with("array") {
            return Self::Array;
        }
        match name {
            "char" | "character" => Self::Padded(length.unwrap_or(1)),
            "bpchar" => Self::Padded(length.unwrap_or(u32::MAX)),
            "timestamp" | "timestamptz" | "interval" if argument.is_some() => Self::Rounded,
            "time" | "timetz" | "timewithtimezone" | "timewithouttimezone" => Self::Rounded,
            "citext" => Self::Folded,
            _ => Self::Named,
        }
    }

    /// Why it surely refuses a value, if it does.
    #[must_use]
    pub fn refuses(self, value: &Value) -> Option<String> {
        let (Self::Padded(length), Value::Text(text)) = (self, value) else { return None };
        let is_long = usize::try_from(length).is_ok_and(|length| text.trim_end_matches(' ').chars().count() > length);
        is_long.then(|| format!("value too long for type character({length})"))
    }
}

impl Column {
    /// What is known of its type, where the language does not know it.
    #[must_use]
    pub fn kept_type(&self) -> Option<KeptType> {
        self.written_type.as_deref().map(KeptType::of)
    }

    /// Whether its type is one of texts that the language does not know, which becomes a text wherever one is asked for.
    #[must_use]
    pub fn is_kept_as_text(&self) -> bool {
        matches!(self.kept_type(), Some(KeptType::Padded(_) | KeptType::Folded))
    }

    /// Whether both have the same type.
    #[must_use]
    pub fn is_of_type_of(&self, other: &Self) -> bool {
        self.ty == other.ty && self.written_type == other.written_type
    }

    /// Whether two different values of another column may become one as they are put in here.
    #[must_use]
    pub fn merges_values_of(&self, other: &Self) -> bool {
        let merges = matches!(self.kept_type(), Some(KeptType::Padded(_) | KeptType::Rounded | KeptType::Folded));
        merges && !self.is_of_type_of(other)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_understood_however_they_are_written() {
        assert_eq!(KeptType::of("character (5)"), KeptType::Padded(5));
        assert_eq!(KeptType::of("char"), KeptType::Padded(1));
        assert_eq!(KeptType::of("timestamp(0) with time zone"), KeptType::Rounded);
        assert_eq!(KeptType::of("text[]"), KeptType::Array);
        assert_eq!(KeptType::of("citext"), KeptType::Folded);
        assert_eq!(KeptType::of("\"char\""), KeptType::Named);
        assert_eq!(KeptType::of("mood"), KeptType::Named);
    }
}
