//! Names as they are given on a command line, and as a script writes them.

use std::str::FromStr;

use crate::syntax;

/// A name that stands alone: a table, a column, a constraint or an application.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NameArg(pub String);

/// `table.column`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ColumnPath {
    /// The table.
    pub table: String,
    /// The column.
    pub column: String,
}

/// `name type …`, also written `name:type`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ColumnText {
    /// The column.
    pub name: String,
    /// Its type and what may follow it.
    pub definition: String,
}

impl NameArg {
    /// The name as a script writes it.
    #[must_use]
    pub fn quoted(&self) -> String {
        quote(&self.0)
    }
}

impl FromStr for NameArg {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match <[String; 1]>::try_from(parts(text)?) {
            Ok([name]) => Ok(Self(name)),
            Err(_) => Err("a single name is expected here, without a dot".to_owned()),
        }
    }
}

impl FromStr for ColumnPath {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parts = parts(text)?;
        match <[String; 2]>::try_from(parts) {
            Ok([table, column]) => Ok(Self { table, column }),
            Err(parts) if parts.len() == 1 => Err(format!("the table is missing: write `table.{text}`")),
            Err(_) => Err("too many dots: write `table.column`, without a schema".to_owned()),
        }
    }
}

impl FromStr for ColumnText {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, definition) = text
            .split_once(':')
            .filter(|(name, _)| !name.contains(' '))
            .or_else(|| text.trim().split_once(' '))
            .ok_or_else(|| format!("the type is missing: write `\"{text} text\"`"))?;
        if definition.trim().is_empty() {
            return Err(format!("the type is missing: write `\"{name} text\"`"));
        }
        Ok(Self { name: name.parse::<NameArg>()?.0, definition: definition.trim().to_owned() })
    }
}

/// The parts of a dotted name. A part in double quotes may hold dots, and `""` for a quote.
fn parts(text: &str) -> Result<Vec<String>, String> {
    if text.chars().any(char::is_control) {
        return Err("a name cannot hold control characters".to_owned());
    }
    let mut parts = Vec::new();
    let mut rest = text;
    loop {
        let (part, after) = part(rest)?;
        if part.trim().is_empty() {
            return Err("a name is missing: write `table.column`".to_owned());
        }
        parts.push(part);
        match after.strip_prefix('.') {
            Some(next) => rest = next,
            None if after.is_empty() => return Ok(parts),
            None => return Err("a dot is expected after a quoted name".to_owned()),
        }
    }
}

/// The first part, and what follows it.
fn part(text: &str) -> Result<(String, &str), String> {
    let Some(mut rest) = text.strip_prefix('"') else {
        let end = text.find('.').unwrap_or(text.len());
        return Ok((text[..end].to_owned(), &text[end..]));
    };
    let mut part = String::new();
    while let Some(end) = rest.find('"') {
        part.push_str(&rest[..end]);
        rest = &rest[end + 1..];
        match rest.strip_prefix('"') {
            Some(next) => rest = next,
            None => return Ok((part, rest)),
        }
        part.push('"');
    }
    Err("the closing double quote is missing".to_owned())
}

/// A value as a script writes it: numbers, `true`, `false`, `null`, quoted text and calls stay, other words become text.
#[must_use]
pub fn literal(text: &str) -> String {
    let word = text.to_ascii_lowercase();
    let is_call = text.ends_with("()");
    if matches!(word.as_str(), "true" | "false" | "null") || is_call || is_number(text) || text.starts_with('\'') {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', "''"))
}

fn is_number(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    digits.starts_with(|first: char| first.is_ascii_digit())
        && digits.parse::<f64>().is_ok()
        && digits.chars().all(|c| c.is_ascii_digit() || c == '.')
}

/// A name as a script writes it: in double quotes where it needs them.
#[must_use]
pub fn quote(name: &str) -> String {
    syntax::quote_ident(name).into_owned()
}
