//! Constraints and indexes: added, validated, and named as PostgreSQL names them.

use crate::ast::{
    AddCheck, AddForeignKey, AddIndex, AddUnique, ColumnRef, Expr, ExprKind, Ident, Literal, Name, Validated,
};
use crate::catalog::{Column, ColumnId, Constraint, ConstraintKind, Table};
use crate::data::Type;
use crate::diagnostic::{Code, Diagnostic};
use crate::expr::{Expression, Scope};
use crate::plan::Action;
use crate::plan::names::suggestion;
use crate::plan::planner::{Planner, Resolved};
use crate::source::Span;

impl Planner<'_> {
    /// `add index`.
    pub(super) fn add_index(&mut self, index: &AddIndex, span: Span) -> Resolved<Action> {
        let table = self.subject(index.table.as_deref(), &[], span)?;
        let columns = self.columns_of(&table, &index.columns)?;
        let filter = index.filter.as_ref().map(|filter| self.condition(&table, filter)).transpose()?;
        let kind = ConstraintKind::Index { columns, unique: index.unique, filter };
        self.add_constraint(table, index.name.as_deref(), &index.columns, "idx", kind)
    }

    /// `add check`.
    pub(super) fn add_check(&mut self, check: &AddCheck, span: Span) -> Resolved<Action> {
        let table = self.subject(check.table.as_ref(), &[&check.condition], span)?;
        let condition = self.condition(&table, &check.condition)?;
        let columns = inputs(&condition, self.catalog.table(&table).map(|table| &**table));
        let kind = ConstraintKind::Check { condition, columns, validated: false };
        self.add_constraint(table, Some(&check.name), &[], "check", kind)
    }

    /// `add unique`.
    pub(super) fn add_unique(&mut self, unique: &AddUnique, span: Span) -> Resolved<Action> {
        let table = self.subject(unique.table.as_ref(), &[], span)?;
        let kind = ConstraintKind::Unique(self.columns_of(&table, &unique.columns)?);
        self.add_constraint(table, unique.name.as_ref(), &unique.columns, "key", kind)
    }

    /// `add foreign key`.
    pub(super) fn add_foreign_key(&mut self, add: &AddForeignKey) -> Resolved<Action> {
        let key = &add.key;
        let table = self.subject(add.table.as_ref(), &[], key.span)?;
        let column = self.column_in(&table, &key.column)?;
        let to = (&key.table, key.referenced.as_ref());
        let kind = self.reference_kind(&column, key.column.span, to, false)?;
        self.add_constraint(table, key.name.as_ref(), std::slice::from_ref(&key.column), "fkey", kind)
    }

    /// A foreign key from a column of `table`, which need not be in the catalog yet.
    pub(super) fn reference_kind(
        &mut self,
        from: &Column,
        span: Span,
        (table, column): (&Ident, Option<&Ident>),
        validated: bool,
    ) -> Resolved<ConstraintKind> {
        let target = self.table(table)?;
        let referenced = match column {
            Some(column) => self.column_in(&target, column)?,
            None => self.primary_key_of(&target, table.span)?,
        };
        let place = column.map_or(table.span, |column| table.span.to(column.span));
        let is_unique = self.catalog.table(&target).is_some_and(|table| table.is_unique(referenced.id));
        if !is_unique && !self.open {
            let message = format!("`{target}.{}` is not unique, so nothing can refer to it", referenced.name);
            return Err(Box::new(
                Diagnostic::new(Code::UnknownName, message, place, "no unique constraint or primary key")
                    .help(format!("refer to the primary key, or `add unique ({}) on {target}` first", referenced.name)),
            ));
        }
        if !comparable(from.ty, referenced.ty) {
            let message =
                format!("`{}` is {}, and `{target}.{}` is {}", from.name, from.ty, referenced.name, referenced.ty);
            return Err(Box::new(
                Diagnostic::new(Code::TypeMismatch, message, span, "refers to a column of another type")
                    .help(format!("give it the type {}", referenced.ty)),
            ));
        }
        Ok(ConstraintKind::ForeignKey { column: from.id, table: target, referenced: referenced.id, validated })
    }

    fn primary_key_of(&mut self, table: &Name, span: Span) -> Resolved<Column> {
        let found = self.catalog.table(table).and_then(|table| match table.primary_key()? {
            [only] => table.column_by_id(*only).cloned(),
            _ => None,
        });
        found.ok_or_else(|| {
            let message = format!("table `{table}` has no primary key of one column to refer to");
            Box::new(
                Diagnostic::new(Code::UnknownName, message, span, "which column of it?")
                    .help(format!("name the column: `references {table} (…)`")),
            )
        })
    }

    /// `validate …`.
    pub(super) fn validate(&mut self, validated: &Validated) -> Resolved<Action> {
        let (name, noun) = match validated {
            Validated::NotNull(column) => {
                return self.on_column(column, |table, column| Action::ValidateNotNull { table, column });
            }
            Validated::Check(name) => (name, "check"),
            Validated::ForeignKey(name) => (name, "foreign key"),
        };
        let table = self.constraint(name, noun)?;
        Ok(Action::ValidateConstraint { table, name: name.name.clone() })
    }

    /// `drop index`, `drop check`, `drop unique`, `drop foreign key`.
    pub(super) fn drop_constraint(&mut self, name: &Ident, noun: &str) -> Resolved<Action> {
        let table = self.constraint(name, noun)?;
        Ok(Action::DropConstraint { table, name: name.name.clone() })
    }

    /// The table that has a constraint with this name and kind.
    fn constraint(&mut self, name: &Ident, noun: &str) -> Resolved<Name> {
        let has = |table: &Table| table.constraint(&name.name).is_some_and(|found| found.kind.noun() == noun);
        let own = self.default_table.as_ref().and_then(|table| self.catalog.table(table)).filter(|table| has(table));
        if let Some(table) = own.or_else(|| self.catalog.tables().find(|table| has(table))) {
            return Ok(table.name.clone());
        }
        let all = self.catalog.tables().flat_map(|table| table.constraints());
        let names = all.filter(|found| found.kind.noun() == noun).map(|found| &*found.name);
        let message = format!("there is no {noun} `{}`", name.name);
        let mut unknown =
            Diagnostic::new(Code::UnknownName, message, name.span, "does not exist at this point in the plan");
        unknown.help = suggestion(&name.name, noun, names.collect::<Vec<_>>().into_iter())
            .or_else(|| Some("add it first, or declare it in its `table { … }`".to_owned()));
        Err(Box::new(unknown))
    }

    /// A condition over a table: boolean.
    pub(super) fn condition(&mut self, table: &Name, condition: &Expr) -> Resolved<Expression> {
        self.imply_columns(table, condition)?;
        boolean(condition, &self.scope(table))
    }

    fn columns_of(&mut self, table: &Name, names: &[Ident]) -> Resolved<Box<[ColumnId]>> {
        names.iter().map(|name| self.column_in(table, name).map(|column| column.id)).collect()
    }

    fn add_constraint(
        &mut self,
        table: Name,
        name: Option<&Ident>,
        columns: &[Ident],
        ending: &str,
        kind: ConstraintKind,
    ) -> Resolved<Action> {
        let taken = name.and_then(|name| Some((name, self.catalog.table_with_constraint(&name.name)?.name.clone())));
        if let Some((name, owner)) = taken {
            let message = format!("`{}` already exists, on table `{owner}`", name.name);
            return Err(Box::new(
                Diagnostic::new(Code::DuplicateName, message, name.span, "the name is taken")
                    .help("choose another name"),
            ));
        }
        let names: Vec<&str> = columns.iter().map(|column| &*column.name).collect();
        let name = match (name, self.catalog.table(&table)) {
            (Some(name), _) => name.name.clone(),
            (None, Some(found)) => free_name(found, &names, ending),
            (None, None) => names.join("_").into(),
        };
        Ok(Action::AddConstraint { table, constraint: Constraint { name, kind } })
    }
}

/// A boolean expression.
pub(super) fn boolean(condition: &Expr, scope: &dyn Scope) -> Resolved<Expression> {
    if matches!(condition.kind, ExprKind::Literal(Literal::Null)) {
        return Expression::resolve(condition, scope, Some(Type::Boolean));
    }
    let resolved = Expression::resolve(condition, scope, None)?;
    match resolved.ty() {
        Type::Boolean => Ok(resolved),
        Type::Unknown => Expression::resolve(condition, scope, Some(Type::Boolean)),
        other => Err(Box::new(
            Diagnostic::new(
                Code::TypeMismatch,
                format!("a condition is boolean, this is {other}"),
                condition.span,
                other.to_string(),
            )
            .help("compare it with something: `… = …`, `… is not null`"),
        )),
    }
}

/// The columns of an expression's inputs.
pub(super) fn inputs(expression: &Expression, table: Option<&Table>) -> Box<[ColumnId]> {
    let id = |name: &Name| Some(table?.column(name)?.id);
    expression.inputs().iter().filter_map(id).collect()
}

/// A check over the columns of a table.
pub(super) fn check_of(table: &Table, condition: &Expr, scope: &dyn Scope) -> Resolved<ConstraintKind> {
    let condition = boolean(condition, scope)?;
    let columns = inputs(&condition, Some(table));
    Ok(ConstraintKind::Check { condition, columns, validated: true })
}

/// `table_column_ending`, with a number where that is taken, as PostgreSQL does it.
pub(super) fn free_name(table: &Table, columns: &[&str], ending: &str) -> Name {
    let parts: Vec<&str> = std::iter::once(&*table.name).chain(columns.iter().copied()).chain([ending]).collect();
    let base = parts.join("_");
    let numbered = (1_u32..).map(|number| format!("{base}{number}"));
    let mut names = std::iter::once(base.clone()).chain(numbered);
    names.find(|name| table.constraint(name).is_none()).unwrap_or(base).into()
}

/// Whether a foreign key may hold columns of these types against each other.
fn comparable(left: Type, right: Type) -> bool {
    let class = |ty: Type| match ty {
        Type::SmallInt | Type::Integer | Type::BigInt | Type::Numeric(_) => Type::Numeric(None),
        Type::Real | Type::Double => Type::Double,
        Type::Text | Type::Varchar(_) => Type::Text,
        other => other,
    };
    left == Type::Unknown || right == Type::Unknown || class(left) == class(right)
}

/// A table's columns, for expressions inside its own declaration.
pub(super) struct OwnColumns<'a> {
    pub(super) table: &'a Table,
    /// A column that is about to be added.
    pub(super) extra: Option<&'a Column>,
}

impl Scope for OwnColumns<'_> {
    fn column(&self, column: &ColumnRef) -> Result<(Name, Type), Box<Diagnostic>> {
        let name = &column.column.name;
        let extra = self.extra.filter(|extra| extra.name == *name);
        let own = column.table.as_ref().is_none_or(|table| table.name == self.table.name);
        if let Some(found) = extra.or_else(|| self.table.column(name)).filter(|_| own) {
            return Ok((found.name.clone(), found.ty));
        }
        let message = format!("table `{}` has no column `{name}`", self.table.name);
        let mut unknown = Diagnostic::new(Code::UnknownName, message, column.span(), "no such column");
        unknown.help = suggestion(name, "column", self.table.columns().map(|column| &*column.name));
        Err(Box::new(unknown))
    }
}
