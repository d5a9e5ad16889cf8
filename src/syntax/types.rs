//! Types by their names: PostgreSQL's, with its aliases.

use std::borrow::Cow;

use crate::ast::TypeName;
use crate::data::Type;
use crate::diagnostic::{Code, Complaint, Diagnostic};
use crate::phrase::{meant, nearest};
use crate::source::Span;
use crate::syntax::build::{Build, present};
use crate::syntax::grammar::Rule;
use crate::syntax::names;
use crate::syntax::tree::Node;

/// Names to suggest for one that is unknown, and to complete and colour.
pub const TYPES: &[&str] = &[
    "bigint",
    "boolean",
    "bytea",
    "date",
    "decimal",
    "double precision",
    "integer",
    "interval",
    "json",
    "jsonb",
    "numeric",
    "real",
    "smallint",
    "text",
    "timestamp",
    "timestamptz",
    "uuid",
    "varchar",
];

/// Names that are types as well, spelled otherwise.
pub(super) const TYPE_ALIASES: &[&str] = &[
    "bool",
    "character",
    "char",
    "double",
    "float",
    "float4",
    "float8",
    "int",
    "int2",
    "int4",
    "int8",
    "precision",
    "varying",
];

/// The largest length of a varchar, as in PostgreSQL.
const MAX_VARCHAR: i64 = 10_485_760;

impl Build<'_> {
    /// The type that a `type_name` node names. An unknown one is reported, and stands for any.
    pub(super) fn type_name(&mut self, node: Node<'_>) -> TypeName {
        let span = self.span(&node);
        let mut nodes = node.into_inner();
        let words = folded(present(nodes.next()).as_str());
        let (mut args, mut zone, mut array) = (Vec::new(), None, false);
        for part in nodes {
            match part.as_rule() {
                Rule::type_args => args = part.into_inner().map(|arg| number(arg.as_str())).collect(),
                Rule::array => array = true,
                _ => zone = Some(part.into_inner().next().is_none()),
            }
        }
        let result = if array { Err(array_refused(&words)) } else { meaning(&words, &args, zone) };
        self.checked(result, span)
    }

    /// The type of `date '2020-01-01'`.
    pub(super) fn typed_literal(&mut self, name: &Node<'_>, zone: Option<&Node<'_>>) -> TypeName {
        let zoned = zone.map(|node| node.clone().into_inner().next().is_none());
        let span = zone.map_or(self.span(name), |node| self.span(name).to(self.span(node)));
        self.checked(meaning(&folded(name.as_str()), &[], zoned), span)
    }

    fn checked(&mut self, result: Result<Type, Complaint>, span: Span) -> TypeName {
        match result {
            Ok(ty) => TypeName { ty, span, written: None },
            Err(refused) => self.unknown_type(refused, span),
        }
    }

    /// Reports a type; it stands for any.
    pub(super) fn unknown_type(&mut self, refused: Complaint, span: Span) -> TypeName {
        let mut diagnostic = Diagnostic::new(Code::UnknownType, refused.message, span, "");
        diagnostic.help = refused.help;
        self.report(diagnostic);
        TypeName { ty: Type::Unknown, span, written: None }
    }
}

/// The words of a type's name, folded, one space between two; a name in quotes or with a schema as it is written.
pub(super) fn kept(written: &str) -> String {
    if written.contains('"') { written.to_owned() } else { folded(written).into_owned() }
}

/// The words of a type's name, folded, one space between two.
fn folded(written: &str) -> Cow<'_, str> {
    if written.starts_with('"') || !written.contains(|c: char| c.is_ascii_whitespace()) {
        return names::fold(written);
    }
    Cow::Owned(written.split_ascii_whitespace().map(str::to_ascii_lowercase).collect::<Vec<_>>().join(" "))
}

fn number(digits: &str) -> i64 {
    digits.replace('_', "").parse().unwrap_or(i64::MAX)
}

fn array_refused(words: &str) -> Complaint {
    Complaint::new(format!("columns cannot be arrays of `{words}`"))
        .help("use a separate table for the elements, or `jsonb`")
}

pub(super) fn meaning(words: &str, args: &[i64], zone: Option<bool>) -> Result<Type, Complaint> {
    let ty = match (words, args) {
        ("numeric" | "decimal" | "dec", _) => return numeric(args),
        ("varchar" | "character varying", _) => return varchar(args),
        ("timestamp", []) => return Ok(if zone == Some(true) { Type::TimestampTz } else { Type::Timestamp }),
        ("timestamptz", []) if zone.is_none() => Type::TimestampTz,
        ("timestamp" | "timestamptz", _) => {
            let help = format!("write `{words}`: it keeps microseconds");
            return Err(Complaint::new(format!("`{words}` takes no precision")).help(help));
        }
        _ => simple(words)?,
    };
    if zone.is_some() {
        return Err(Complaint::new(format!("`{words}` has no time zone")).help("write `timestamptz`"));
    }
    let no_length = || Complaint::new(format!("`{words}` takes no length")).help(format!("write `{words}`"));
    if args.is_empty() { Ok(ty) } else { Err(no_length()) }
}

fn simple(words: &str) -> Result<Type, Complaint> {
    Ok(match words {
        "boolean" | "bool" => Type::Boolean,
        "smallint" | "int2" => Type::SmallInt,
        "integer" | "int" | "int4" => Type::Integer,
        "bigint" | "int8" => Type::BigInt,
        "real" | "float4" => Type::Real,
        "double precision" | "float" | "float8" => Type::Double,
        "text" => Type::Text,
        "date" => Type::Date,
        "timestamptz" => Type::TimestampTz,
        "interval" => Type::Interval,
        "uuid" => Type::Uuid,
        "json" => Type::Json,
        "jsonb" => Type::Jsonb,
        "bytea" => Type::Bytea,
        _ => return Err(unknown(words)),
    })
}

/// Whether the language has a type with this name, with or without arguments.
pub(super) fn is_known(words: &str) -> bool {
    matches!(words, "numeric" | "decimal" | "dec" | "varchar" | "character varying" | "timestamp")
        || simple(words).is_ok()
}

/// What to write instead of a type that other databases have, or that PostgreSQL has and is better not used.
pub(super) fn advised(words: &str) -> Option<&'static str> {
    Some(match words {
        "serial" | "serial4" => "`integer`, and let the application or a default number the rows",
        "bigserial" | "serial8" => "`bigint`, and let the application or a default number the rows",
        "smallserial" | "serial2" => "`smallint`, and let the application or a default number the rows",
        "money" => "`numeric(12, 2)`",
        "char" | "character" | "bpchar" => "`text` or `varchar(n)`: `char` pads its values with spaces",
        "string" | "clob" | "tinytext" | "mediumtext" | "longtext" | "citext" | "name" => "`text`",
        "nvarchar" | "varchar2" | "nchar" => "`varchar(n)`",
        "datetime" | "datetime2" | "smalldatetime" => "`timestamp` or `timestamptz`",
        "tinyint" => "`smallint`",
        "mediumint" | "number" => "`integer` or `numeric`",
        "double" => "`double precision`",
        "blob" | "binary" | "varbinary" | "bit" => "`bytea`",
        "time" | "timetz" => "`interval` in expressions, `text` or `timestamp` for columns",
        _ => return None,
    })
}

/// The known type whose name is most like this.
pub(super) fn near(words: &str) -> Option<&'static str> {
    let aliases = TYPE_ALIASES.iter().filter(|alias| !matches!(**alias, "precision" | "varying"));
    nearest(words, TYPES.iter().chain(aliases).copied())
}

fn unknown(words: &str) -> Complaint {
    let unknown = Complaint::new(format!("there is no type `{words}`"));
    if let Some(instead) = advised(words) {
        let help = format!("write {instead}; a column that the plan does not touch can be left out of its table");
        return unknown.help(help);
    }
    let help = match near(words) {
        Some(name) => meant(name),
        None => {
            "types are `text`, `varchar(n)`, `integer`, `bigint`, `numeric`, `boolean`, `date`, `timestamptz`, `uuid`, \
              `jsonb` and the like"
                .to_owned()
        }
    };
    unknown.help(help)
}

fn numeric(args: &[i64]) -> Result<Type, Complaint> {
    let refused = |message: &str| Err(Complaint::new(message).help("write `numeric` or `numeric(precision, scale)`"));
    let (precision, scale) = match args {
        [] => return Ok(Type::Numeric(None)),
        [precision] => (*precision, 0),
        [precision, scale] => (*precision, *scale),
        _ => return refused("`numeric` takes a precision and a scale"),
    };
    match (u16::try_from(precision), i16::try_from(scale)) {
        (Ok(p @ 1..=1000), Ok(s @ -1000..=1000)) => Ok(Type::Numeric(Some((p, s)))),
        (Ok(1..=1000), _) => refused("the scale of `numeric` is between -1000 and 1000"),
        _ => refused("the precision of `numeric` is between 1 and 1000"),
    }
}

fn varchar(args: &[i64]) -> Result<Type, Complaint> {
    match args {
        [] => Ok(Type::Varchar(None)),
        [length @ 1..=MAX_VARCHAR] => Ok(Type::Varchar(u32::try_from(*length).ok())),
        [_] => Err(Complaint::new("the length of `varchar` is between 1 and 10485760")
            .help("write `text` where there is no limit")),
        _ => Err(Complaint::new("`varchar` takes one length").help("write `varchar(n)`")),
    }
}
