//! The canonical text of every part of the tree.

use crate::ast::{
    AddIndex, Allow, AppColumns, Backfill, Batches, BinaryOp, ColumnConstraint, ColumnDef, ColumnRef, CopyRows, Expr,
    ExprKind, ForeignKeyDef, Header, Ident, InList, Literal, Rows, RowsFrom, StatementKind, SyncKind, TableConstraint,
    TypeName, UnaryOp, Validated,
};
use crate::data::Type;
use crate::phrase::written;
use crate::syntax::build::{sql_text, title_text};
use crate::syntax::names::quote_ident;

/// How tightly an expression binds, from `or` to what never needs parentheses.
fn level(expr: &Expr) -> u8 {
    match &expr.kind {
        ExprKind::Or(_) => 1,
        ExprKind::And(_) => 2,
        ExprKind::Unary(UnaryOp::Not, _) => 3,
        ExprKind::IsNull { .. } | ExprKind::IsBool { .. } => 4,
        ExprKind::Binary(op, _) => op_level(*op),
        ExprKind::Between { .. } | ExprKind::In(_) => 6,
        ExprKind::Unary(..) => 11,
        ExprKind::Cast(_) => 12,
        ExprKind::Literal(_) | ExprKind::Column(_) | ExprKind::Case(_) | ExprKind::Call(_) => 13,
    }
}

fn op_level(op: BinaryOp) -> u8 {
    use BinaryOp as B;
    match op {
        B::Distinct | B::NotDistinct => 4,
        B::Equal | B::NotEqual | B::Less | B::LessOrEqual | B::Greater | B::GreaterOrEqual => 5,
        B::Like | B::NotLike | B::ILike | B::NotILike => 6,
        B::Concat | B::JsonGet | B::JsonGetText | B::JsonPath | B::JsonPathText | B::JsonDeletePath => 7,
        B::Add | B::Subtract => 8,
        B::Multiply | B::Divide | B::Modulo => 9,
        B::Power => 10,
    }
}

/// The canonical text of an expression, with no parentheses but those it needs.
#[must_use]
pub fn expr_text(expr: &Expr) -> String {
    let mut out = String::new();
    write_expr(&mut out, expr, 0);
    out
}

fn write_expr(out: &mut String, expr: &Expr, least: u8) {
    if level(expr) < least {
        out.push('(');
        write_kind(out, &expr.kind);
        out.push(')');
    } else {
        write_kind(out, &expr.kind);
    }
}

fn write_kind(out: &mut String, kind: &ExprKind) {
    match kind {
        ExprKind::Literal(literal) => write_literal(out, literal),
        ExprKind::Column(column) => out.push_str(&column_text(column)),
        ExprKind::Unary(op, operand) => write_unary(out, *op, operand),
        ExprKind::Binary(op, sides) => {
            let level = op_level(*op);
            // Comparisons and the like do not chain.
            let chains = level > 6;
            write_expr(out, &sides.0, if chains { level } else { level + 1 });
            out.push(' ');
            out.push_str(op.symbol());
            out.push(' ');
            write_expr(out, &sides.1, level + 1);
        }
        ExprKind::And(operands) => write_list(out, operands, " and ", 3),
        ExprKind::Or(operands) => write_list(out, operands, " or ", 2),
        ExprKind::IsNull { operand, negated } => write_is(out, operand, *negated, "null"),
        ExprKind::IsBool { operand, value, negated } => {
            let value = value.map_or("unknown", |value| if value { "true" } else { "false" });
            write_is(out, operand, *negated, value);
        }
        ExprKind::Between { operands, negated } => {
            write_expr(out, &operands[0], 7);
            out.push_str(if *negated { " not between " } else { " between " });
            write_expr(out, &operands[1], 7);
            out.push_str(" and ");
            write_expr(out, &operands[2], 7);
        }
        ExprKind::In(list) => {
            let InList { operands, negated } = &**list;
            let (operand, list) = operands.split_first().map_or((None, operands.as_ref()), |(o, list)| (Some(o), list));
            if let Some(operand) = operand {
                write_expr(out, operand, 7);
            }
            out.push_str(if *negated { " not in (" } else { " in (" });
            write_list(out, list, ", ", 0);
            out.push(')');
        }
        ExprKind::Case(case) => write_case(out, case),
        ExprKind::Cast(cast) => {
            write_expr(out, &cast.0, 12);
            out.push_str("::");
            out.push_str(&type_text(cast.1.ty));
        }
        ExprKind::Call(call) => write_call(out, &call.0, &call.1),
    }
}

fn write_literal(out: &mut String, literal: &Literal) {
    match literal {
        Literal::Null => out.push_str("null"),
        Literal::Bool(true) => out.push_str("true"),
        Literal::Bool(false) => out.push_str("false"),
        Literal::Number(digits) => out.push_str(digits),
        Literal::Text(text) => out.push_str(&sql_text(text)),
    }
}

fn write_unary(out: &mut String, op: UnaryOp, operand: &Expr) {
    let (symbol, least) = match op {
        UnaryOp::Minus => ("-", 11),
        UnaryOp::Plus => ("+", 11),
        UnaryOp::Not => ("not ", 3),
    };
    out.push_str(symbol);
    // Two signs side by side would start a comment, or read as one operator.
    if op != UnaryOp::Not && matches!(operand.kind, ExprKind::Unary(UnaryOp::Minus | UnaryOp::Plus, _)) {
        out.push(' ');
    }
    write_expr(out, operand, least);
}

fn write_list(out: &mut String, operands: &[Expr], between: &str, least: u8) {
    for (i, operand) in operands.iter().enumerate() {
        if i > 0 {
            out.push_str(between);
        }
        write_expr(out, operand, least);
    }
}

fn write_is(out: &mut String, operand: &Expr, negated: bool, what: &str) {
    write_expr(out, operand, 4);
    out.push_str(if negated { " is not " } else { " is " });
    out.push_str(what);
}

fn write_case(out: &mut String, case: &crate::ast::CaseExpr) {
    out.push_str("case");
    if let Some(operand) = &case.operand {
        out.push(' ');
        write_expr(out, operand, 0);
    }
    for arm in &case.arms {
        out.push_str(" when ");
        write_expr(out, &arm.when, 0);
        out.push_str(" then ");
        write_expr(out, &arm.then, 0);
    }
    if let Some(otherwise) = &case.otherwise {
        out.push_str(" else ");
        write_expr(out, otherwise, 0);
    }
    out.push_str(" end");
}

fn write_call(out: &mut String, function: &Ident, args: &[Expr]) {
    let bare = ["current_date", "current_timestamp", "localtimestamp"].contains(&&*function.name);
    if bare && args.is_empty() {
        return out.push_str(&function.name);
    }
    out.push_str(&quote_ident(&function.name));
    out.push('(');
    match args {
        [Expr { kind: ExprKind::Literal(Literal::Text(field)), .. }, from]
            if *function.name == *"extract" && is_plain_word(field) =>
        {
            out.push_str(field);
            out.push_str(" from ");
            write_expr(out, from, 0);
        }
        _ => write_list(out, args, ", ", 0),
    }
    out.push(')');
}

fn is_plain_word(text: &str) -> bool {
    !text.is_empty()
        && text.bytes().all(|b| b.is_ascii_lowercase())
        && matches!(quote_ident(text), std::borrow::Cow::Borrowed(_))
}

/// A type as it is written, or its canonical name.
pub(super) fn type_name_text(name: &TypeName) -> String {
    name.written.as_ref().map_or_else(|| type_text(name.ty), ToString::to_string)
}

/// The canonical name of a type.
pub(super) fn type_text(ty: Type) -> String {
    let plain = match ty {
        Type::Unknown => "unknown",
        Type::Boolean => "boolean",
        Type::SmallInt => "smallint",
        Type::Integer => "integer",
        Type::BigInt => "bigint",
        Type::Numeric(None) => "numeric",
        Type::Numeric(Some((precision, 0))) => return format!("numeric({precision})"),
        Type::Numeric(Some((precision, scale))) => return format!("numeric({precision}, {scale})"),
        Type::Real => "real",
        Type::Double => "double precision",
        Type::Text => "text",
        Type::Varchar(None) => "varchar",
        Type::Varchar(Some(length)) => return format!("varchar({length})"),
        Type::Date => "date",
        Type::Timestamp => "timestamp",
        Type::TimestampTz => "timestamptz",
        Type::Interval => "interval",
        Type::Uuid => "uuid",
        Type::Json => "json",
        Type::Jsonb => "jsonb",
        Type::Bytea => "bytea",
    };
    plain.to_owned()
}

pub(super) fn name_text(ident: &Ident) -> String {
    quote_ident(&ident.name).into_owned()
}

fn column_text(column: &ColumnRef) -> String {
    let name = quote_ident(&column.column.name);
    match &column.table {
        Some(table) => format!("{}.{name}", quote_ident(&table.name)),
        None => name.into_owned(),
    }
}

fn columns_text(columns: &[ColumnRef]) -> String {
    columns.iter().map(column_text).collect::<Vec<_>>().join(", ")
}

fn names_text(names: &[Ident]) -> String {
    names.iter().map(name_text).collect::<Vec<_>>().join(", ")
}

/// ` name`, or nothing.
fn optional(name: Option<&Ident>) -> String {
    name.map_or(String::new(), |name| format!(" {}", name_text(name)))
}

fn on(table: Option<&Ident>) -> String {
    table.map_or(String::new(), |table| format!(" on {}", name_text(table)))
}

fn condition(filter: Option<&Expr>) -> String {
    filter.map_or(String::new(), |filter| format!(" where {}", expr_text(filter)))
}

/// `migration "…" on t`
pub(super) fn header(header: &Header) -> String {
    format!("migration {}{}", title_text(&header.title), on(header.table.as_ref()))
}

/// `allow … because '…'`
pub(super) fn allow(allow: &Allow) -> String {
    format!("allow {} because {}", allow.code.name, sql_text(&allow.because))
}

/// What stands after the name of a column: its type and constraints.
pub(super) fn column_rest(column: &ColumnDef) -> String {
    let mut parts: Vec<String> = column.ty.iter().map(type_name_text).collect();
    parts.extend(column.constraints.iter().map(|(constraint, _)| column_constraint(constraint)));
    parts.join(" ")
}

fn column_constraint(constraint: &ColumnConstraint) -> String {
    match constraint {
        ColumnConstraint::NotNull => "not null".to_owned(),
        ColumnConstraint::Null => "null".to_owned(),
        ColumnConstraint::Default(value) => format!("default {}", expr_text(value)),
        ColumnConstraint::Unique => "unique".to_owned(),
        ColumnConstraint::PrimaryKey => "primary key".to_owned(),
        ColumnConstraint::References(target) => references(&target.0, target.1.as_ref()),
        ColumnConstraint::Check(check) => format!("check ({})", expr_text(check)),
    }
}

fn references(table: &Ident, column: Option<&Ident>) -> String {
    match column {
        Some(column) => format!("references {} ({})", name_text(table), name_text(column)),
        None => format!("references {}", name_text(table)),
    }
}

/// A constraint of a table.
pub(super) fn table_constraint(constraint: &TableConstraint) -> String {
    match constraint {
        TableConstraint::PrimaryKey(columns, _) => format!("primary key ({})", names_text(columns)),
        TableConstraint::Unique(name, columns, _) => {
            format!("unique{} ({})", optional(name.as_ref()), names_text(columns))
        }
        TableConstraint::Check(name, check, _) => format!("check{} ({})", optional(name.as_ref()), expr_text(check)),
        TableConstraint::ForeignKey(key) => foreign_key(key),
        TableConstraint::Index(name, columns, unique, filter, _) => {
            let unique = if *unique { " unique" } else { "" };
            let (name, columns) = (optional(name.as_ref()), names_text(columns));
            format!("index{name} ({columns}){unique}{}", condition(filter.as_ref()))
        }
    }
}

fn foreign_key(key: &ForeignKeyDef) -> String {
    let target = references(&key.table, key.referenced.as_ref());
    format!("foreign key{} ({}) {target}", optional(key.name.as_ref()), name_text(&key.column))
}

/// `reads a, b`
pub(super) fn app_columns(clause: &AppColumns) -> String {
    let word = match (clause.reads, clause.writes) {
        (true, true) => "uses",
        (false, _) => "writes",
        (true, false) => "reads",
    };
    format!("{word} {}", columns_text(&clause.columns))
}

/// `reads t.a, t.b` of a view.
pub(super) fn view_reads(columns: &[ColumnRef]) -> String {
    format!("reads {}", columns_text(columns))
}

/// `(1, 'a')`
pub(super) fn row(values: &[Expr]) -> String {
    format!("({})", values.iter().map(expr_text).collect::<Vec<_>>().join(", "))
}

/// `rows t from '…'`, `rows t generate …`
pub(super) fn rows_line(rows: &Rows) -> String {
    let table = name_text(&rows.table);
    match &rows.from {
        RowsFrom::Listed(_) => format!("rows {table}"),
        RowsFrom::Csv(path, _) => format!("rows {table} from {}", sql_text(path)),
        RowsFrom::Generated { count, seed: 0 } => format!("rows {table} generate {}", grouped(*count)),
        RowsFrom::Generated { count, seed } => format!("rows {table} generate {} seed {seed}", grouped(*count)),
    }
}

/// Digits in groups of three, from 10,000 on.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    if digits.len() < 5 {
        return digits;
    }
    let mut out = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push('_');
        }
        out.push(digit);
    }
    out
}

fn batches(batches: Batches) -> String {
    let rows = batches.rows.map_or(String::new(), |rows| format!(" in batches of {rows}"));
    let pause = batches.pause_ms.map_or(String::new(), |ms| format!(" pause {}", written(u64::from(ms))));
    rows + &pause
}

/// A statement, without its phase.
pub(super) fn statement(kind: &StatementKind) -> String {
    use StatementKind as K;
    match kind {
        K::AddColumn(column) => add_column(column.0.as_ref(), &column.1),
        K::AddTable(table) => format!("add table {}", name_text(&table.name)),
        K::AddIndex(index) => add_index(index),
        K::AddCheck(check) => {
            let (name, table) = (name_text(&check.name), on(check.table.as_ref()));
            format!("add check {name} ({}){table}", expr_text(&check.condition))
        }
        K::AddNotNull(column) => format!("add not null {}", column_text(column)),
        K::AddUnique(unique) => {
            let (name, table) = (optional(unique.name.as_ref()), on(unique.table.as_ref()));
            format!("add unique{name} ({}){table}", names_text(&unique.columns))
        }
        K::AddForeignKey(key) => format!("add {}{}", foreign_key(&key.key), on(key.table.as_ref())),
        K::Sync(sync) => match &sync.kind {
            SyncKind::Both(other) => format!("sync {} <-> {}", column_text(&sync.target), column_text(other)),
            SyncKind::From(value) => format!("sync {} from {}", column_text(&sync.target), expr_text(value)),
        },
        K::Backfill(backfill) => fill("backfill", backfill),
        K::Seed(seed) => fill("seed", seed),
        K::Copy(copy) => copy_text(copy),
        K::Validate(what) => match &**what {
            Validated::Check(name) => format!("validate check {}", name_text(name)),
            Validated::NotNull(column) => format!("validate not null {}", column_text(column)),
            Validated::ForeignKey(name) => format!("validate foreign key {}", name_text(name)),
        },
        K::Verify(verify) => format!("verify {}{}", expr_text(&verify.0), on(verify.1.as_ref())),
        K::DropColumn(column) => format!("drop column {}", column_text(column)),
        K::DropTable(name) => format!("drop table {}", name_text(name)),
        K::DropIndex(name) => format!("drop index {}", name_text(name)),
        K::DropCheck(name) => format!("drop check {}", name_text(name)),
        K::DropUnique(name) => format!("drop unique {}", name_text(name)),
        K::DropForeignKey(name) => format!("drop foreign key {}", name_text(name)),
        K::DropSync(sync) => match &sync.other {
            Some(other) => format!("drop sync {} <-> {}", column_text(&sync.target), column_text(other)),
            None => format!("drop sync {}", column_text(&sync.target)),
        },
        K::DropNotNull(column) => format!("drop not null {}", column_text(column)),
        K::DropDefault(column) => format!("drop default {}", column_text(column)),
        K::SetDefault(set) => format!("set default {} {}", column_text(&set.0), expr_text(&set.1)),
        K::SetNotNull(column) => format!("set not null {}", column_text(column)),
        K::RenameColumn(names) => format!("rename column {} to {}", column_text(&names.0), name_text(&names.1)),
        K::RenameTable(names) => format!("rename table {} to {}", name_text(&names.0), name_text(&names.1)),
        K::AlterType(alter) => {
            let using = alter.2.as_ref().map_or(String::new(), |using| format!(" using {}", expr_text(using)));
            format!("alter column {} type {}{using}", column_text(&alter.0), type_name_text(&alter.1))
        }
        K::Deploy(app) => format!("deploy {}", name_text(app)),
        K::Retire(app) => format!("retire {}", name_text(app)),
        K::Confirm(text) => format!("confirm {}", title_text(text)),
        K::Wait(ms) => format!("wait {}", written(*ms)),
    }
}

fn add_column(table: Option<&Ident>, column: &ColumnDef) -> String {
    let table = table.map_or(String::new(), |table| format!("{}.", name_text(table)));
    format!("add column {table}{} {}", name_text(&column.name), column_rest(column)).trim_end().to_owned()
}

fn add_index(index: &AddIndex) -> String {
    let (name, table) = (optional(index.name.as_deref()), on(index.table.as_deref()));
    let unique = if index.unique { " unique" } else { "" };
    format!("add index{name}{table} ({}){unique}{}", names_text(&index.columns), condition(index.filter.as_deref()))
}

fn fill(verb: &str, fill: &Backfill) -> String {
    let filter = condition(fill.filter.as_deref());
    let value = expr_text(&fill.value);
    format!("{verb} {} from {value}{filter}{}", column_text(&fill.target), batches(fill.batches))
}

fn copy_text(copy: &CopyRows) -> String {
    let mapped = |(column, value): &(Ident, Expr)| format!("{} from {}", name_text(column), expr_text(value));
    let columns = copy.columns.iter().map(mapped).collect::<Vec<_>>().join(", ");
    let filter = condition(copy.filter.as_ref());
    format!("copy {} to {} ({columns}){filter}{}", name_text(&copy.from), name_text(&copy.to), batches(copy.batches))
}
