//! Types of columns that the language knows nothing of: enums, domains, arrays, types of extensions. They are kept as
//! written.

use crate::ast::{Name, TypeName};
use crate::data::Type;
use crate::diagnostic::Complaint;
use crate::syntax::build::{Build, present};
use crate::syntax::grammar::Rule;
use crate::syntax::tree::Node;
use crate::syntax::types;

/// PostgreSQL's own types, and those of extensions that many use, without the ones that the language has.
const FOREIGN: &[&str] = &[
    "bit",
    "bit varying",
    "box",
    "bpchar",
    "char",
    "character",
    "cidr",
    "circle",
    "citext",
    "datemultirange",
    "daterange",
    "geography",
    "geometry",
    "hstore",
    "inet",
    "int4multirange",
    "int4range",
    "int8multirange",
    "int8range",
    "line",
    "lseg",
    "ltree",
    "macaddr",
    "macaddr8",
    "money",
    "name",
    "nummultirange",
    "numrange",
    "oid",
    "path",
    "pg_lsn",
    "point",
    "polygon",
    "regclass",
    "time",
    "timetz",
    "tsmultirange",
    "tsquery",
    "tsrange",
    "tstzmultirange",
    "tstzrange",
    "tsvector",
    "varbit",
    "vector",
    "xml",
];

impl Build<'_> {
    /// The type of a column. One that the language does not know is kept as written, unless it is likely a mistake.
    pub(super) fn column_type(&mut self, node: Node<'_>) -> TypeName {
        let span = self.span(&node);
        let written = Written::of(node);
        match written.meaning() {
            Ok(Meaning::Known(ty)) => TypeName { ty, span, written: None },
            Ok(Meaning::Opaque) => {
                TypeName { ty: Type::Unknown, span, written: Some(Box::new(Name::from(written.text()))) }
            }
            Err(refused) => self.unknown_type(refused, span),
        }
    }
}

enum Meaning {
    Known(Type),
    Opaque,
}

/// A type's name in its parts.
struct Written {
    /// As written, where it was quoted or has a schema; folded otherwise.
    words: String,
    args: Vec<String>,
    /// `with time zone`, or `without`.
    zone: Option<bool>,
    dimensions: usize,
}

impl Written {
    fn of(node: Node<'_>) -> Self {
        let mut nodes = node.into_inner();
        let words = types::kept(present(nodes.next()).as_str());
        let (mut args, mut zone, mut dimensions) = (Vec::new(), None, 0);
        for part in nodes {
            match part.as_rule() {
                Rule::type_args => args = part.into_inner().map(|arg| arg.as_str().replace('_', "")).collect(),
                Rule::array => dimensions += 1,
                _ => zone = Some(part.into_inner().next().is_none()),
            }
        }
        Self { words, args, zone, dimensions }
    }

    fn meaning(&self) -> Result<Meaning, Complaint> {
        let known = self.known();
        if self.dimensions == 0
            && let Ok(ty) = known
        {
            return Ok(Meaning::Known(ty));
        }
        match known {
            Err(refused) if !self.is_somebodys() => Err(refused),
            _ => Ok(Meaning::Opaque),
        }
    }

    /// What it means to the language, dimensions aside.
    fn known(&self) -> Result<Type, Complaint> {
        let args: Vec<i64> = self.args.iter().map(|arg| arg.parse().unwrap_or(i64::MAX)).collect();
        let unquoted = if self.words == "\"char\"" { &self.words } else { self.words.trim_matches('"') };
        types::meaning(unquoted, &args, self.zone)
    }

    /// Whether it is the name of a type that somebody may well have: quoted, with a schema, one of PostgreSQL, or like
    /// nothing that is known.
    fn is_somebodys(&self) -> bool {
        let has_precision = matches!(self.words.as_str(), "timestamp" | "timestamptz" | "interval");
        let is_one = self.words.contains(['"', '.']) || FOREIGN.contains(&self.words.as_str()) || has_precision;
        is_one
            || !types::is_known(&self.words)
                && types::advised(&self.words).is_none()
                && types::near(&self.words).is_none()
    }

    fn text(&self) -> String {
        let args = if self.args.is_empty() { String::new() } else { format!("({})", self.args.join(",")) };
        let zone = match self.zone {
            Some(true) => " with time zone",
            Some(false) => " without time zone",
            None => "",
        };
        format!("{}{args}{zone}{}", self.words, "[]".repeat(self.dimensions))
    }
}
