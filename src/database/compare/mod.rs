//! The tables that a script declares, compared with those that a database has: two catalogs, and how they differ, as data.

mod additions;
mod key;
mod tell;
#[cfg(test)]
mod tests;
mod types;

use std::collections::BTreeSet;

use crate::ast::Name;
use crate::catalog::{Catalog, Column, Constraint, ConstraintKind, NotNull, Table};
use crate::engine::postgres::inspect::expression::without_casts;
use crate::expr::Expression;
use crate::plan::ColumnName;
use crate::syntax::quote_ident;
use key::Key;
use types::same_type;

pub(super) use tell::{no_table, tell};

/// A way in which a database is not as a script says.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Difference {
    /// The database has no such table.
    NoTable(Name),
    /// A column that is declared.
    Column(ColumnName, ColumnDifference),
    /// A constraint or index of this table.
    Constraint(Name, ConstraintDifference),
    /// A statement of the plan, from 0, adds what the database has.
    Taken(usize, Addition),
}

/// What a statement adds.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Addition {
    Table(Name),
    Column(ColumnName),
    /// A constraint or index.
    Constraint {
        table: Name,
        name: Name,
    },
}

/// How a column differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ColumnDifference {
    /// The database does not have it.
    Missing,
    /// It has another type.
    Type,
    /// Only in the database is it not null.
    NotNull,
    /// Only in the database may it be null.
    Nullable,
    /// Only in the script has it a default.
    NoDefault,
    /// It has another default.
    OtherDefault,
    /// Only in the database has it a default.
    UndeclaredDefault,
}

/// How a constraint or index differs.
#[derive(Clone, Debug, PartialEq, Eq)]
enum ConstraintDifference {
    /// Only the database has it, under this name.
    Undeclared(Name),
    /// Only the database has it, under this name, and only some of its columns are declared.
    PartlyDeclared(Name),
    /// Only the script has it, under this name.
    Missing(Name),
    /// It has another name.
    Renamed {
        /// In the script.
        declared: Name,
        /// In the database.
        actual: Name,
    },
    /// A check of the database seems to say something else than those of the script.
    OtherCheck(Name),
}

/// How a table differs between what is declared and what there is.
fn compare(declared: &Catalog, actual: &Catalog, table: &Name) -> Vec<Difference> {
    match (declared.table(table), actual.table(table)) {
        (Some(declared), Some(has)) => TablePair { declared, has }.differences(),
        _ => vec![Difference::NoTable(table.clone())],
    }
}

/// A table as it is declared, and as it is.
struct TablePair<'a> {
    declared: &'a Table,
    has: &'a Table,
}

impl TablePair<'_> {
    fn differences(&self) -> Vec<Difference> {
        let column_name =
            |column: &Column| ColumnName { table: self.declared.name.clone(), column: column.name.clone() };
        let columns = self.declared.columns().filter_map(|column| Some((column, self.column(column)?)));
        let columns = columns.map(|(column, difference)| Difference::Column(column_name(column), difference));
        let constraints = [self.undeclared(), self.missing(), self.checks()].concat();
        let of_table = |difference| Difference::Constraint(self.declared.name.clone(), difference);
        columns.chain(constraints.into_iter().map(of_table)).collect()
    }

    fn column(&self, column: &Column) -> Option<ColumnDifference> {
        let Some(has) = self.has.column(&column.name) else { return Some(ColumnDifference::Missing) };
        if !same_type(column, has) {
            return Some(ColumnDifference::Type);
        }
        match (column.not_null == NotNull::No, has.not_null == NotNull::No) {
            (true, false) => Some(ColumnDifference::NotNull),
            (false, true) => Some(ColumnDifference::Nullable),
            _ => default(column.default.as_ref(), has.default.as_ref()),
        }
    }

    fn undeclared(&self) -> Vec<ConstraintDifference> {
        let declared = keys(self.declared);
        let is_undeclared = |(key, _): &(Key, &Constraint)| {
            let is_declared = declared.iter().any(|(other, _)| other.holds_as(key));
            !is_declared && key.matters()
        };
        let difference = |(key, constraint): (Key, &Constraint)| {
            let is_partial = || self.has.column_names(constraint.kind.columns()).iter().any(|name| self.declares(name));
            let name = constraint.name.clone();
            if key.is_within(self.declared) {
                Some(ConstraintDifference::Undeclared(name))
            } else {
                is_partial().then_some(ConstraintDifference::PartlyDeclared(name))
            }
        };
        keys(self.has).into_iter().filter(is_undeclared).filter_map(difference).collect()
    }

    fn declares(&self, column: &str) -> bool {
        self.declared.column(column).is_some()
    }

    /// What the database does not have, or has under another name.
    fn missing(&self) -> Vec<ConstraintDifference> {
        let has = keys(self.has);
        let difference = |(key, constraint): (Key, &Constraint)| {
            let declared = constraint.name.clone();
            match has.iter().find(|(other, _)| other.holds_as(&key)) {
                Some((_, other)) if other.name == declared => None,
                Some((_, other)) => Some(ConstraintDifference::Renamed { declared, actual: other.name.clone() }),
                None => key.is_within(self.has).then_some(ConstraintDifference::Missing(declared)),
            }
        };
        keys(self.declared).into_iter().filter_map(difference).collect()
    }

    /// Checks under a declared name that say something else than those of the script, as far as can be seen.
    fn checks(&self) -> Vec<ConstraintDifference> {
        let declared: BTreeSet<String> = self.declared.constraints().filter_map(condition).map(loose_text).collect();
        let is_other = |constraint: &&Constraint| {
            let is_declared = self.declared.constraint(&constraint.name).is_some();
            condition(constraint).is_some_and(|condition| is_declared && !declared.contains(&loose_text(condition)))
        };
        let other = self.has.constraints().filter(is_other);
        other.map(|constraint| ConstraintDifference::OtherCheck(constraint.name.clone())).collect()
    }
}

fn default(declared: Option<&Expression>, has: Option<&Expression>) -> Option<ColumnDifference> {
    let value = |default: &Expression| default.eval(&[], 0).ok();
    match (declared, has) {
        (Some(_), None) => Some(ColumnDifference::NoDefault),
        (None, Some(_)) => Some(ColumnDifference::UndeclaredDefault),
        (Some(declared), Some(has)) => {
            let fixed = declared.is_immutable() && has.is_immutable();
            (fixed && value(declared) != value(has)).then_some(ColumnDifference::OtherDefault)
        }
        (None, None) => None,
    }
}

fn keys(table: &Table) -> Vec<(Key, &Constraint)> {
    table.constraints().map(|constraint| (Key::of(table, constraint), constraint)).collect()
}

/// The condition of a check.
fn condition(constraint: &Constraint) -> Option<&Expression> {
    match &constraint.kind {
        ConstraintKind::Check { condition, .. } => Some(condition),
        _ => None,
    }
}

/// The text of an expression without its casts.
fn loose_text(expression: &Expression) -> String {
    without_casts(&expression.to_sql(&|name| quote_ident(name).into_owned()))
}
