//! Types under the names that people and PostgreSQL write for them.

use crate::ast::Name;
use crate::catalog::Column;

/// Whether two columns have the same type, whatever names it goes by.
pub(super) fn same_type(declared: &Column, has: &Column) -> bool {
    let plain = |name: &Name| name.replace('"', "").replace(", ", ",").to_lowercase();
    let without_schema = |name: &str| name.rsplit('.').next().unwrap_or_default().to_owned();
    match (&declared.written_type, &has.written_type) {
        (None, None) => declared.ty == has.ty,
        (Some(one), Some(other)) => {
            let (one, other) = (canonical(&plain(one)), canonical(&plain(other)));
            one == other || without_schema(&one) == without_schema(&other) && one.contains('.') != other.contains('.')
        }
        _ => false,
    }
}

/// The name that PostgreSQL prints for a type that people write otherwise.
fn canonical(name: &str) -> String {
    let (base, rest) = name.split_at(name.find(['(', '[']).unwrap_or(name.len()));
    let base = match base {
        "char" | "bpchar" => "character",
        "varchar" => "character varying",
        "varbit" => "bit varying",
        "int" | "int4" => "integer",
        "int8" => "bigint",
        "int2" => "smallint",
        "bool" => "boolean",
        "decimal" | "dec" => "numeric",
        "float4" => "real",
        "float8" | "float" => "double precision",
        "time" => "time without time zone",
        "timetz" => "time with time zone",
        "timestamp" => "timestamp without time zone",
        "timestamptz" => "timestamp with time zone",
        other => other,
    };
    // The zone stands after the precision.
    let (base, zone) =
        base.split_once(" with").map_or((base, String::new()), |(base, zone)| (base, format!(" with{zone}")));
    let (precision, dimensions) = rest.split_at(rest.find(')').map_or(0, |at| at + 1));
    let zone = if dimensions.contains(" with") { "" } else { &zone };
    let precision = if base == "character" && precision.is_empty() { "(1)" } else { precision };
    format!("{base}{precision}{zone}{dimensions}")
}
