//! Columns and tables that come into being: in declarations, `add column` and `add table`.

use std::sync::Arc;

use crate::ast::{
    ColumnConstraint, ColumnDef, ColumnRef, Expr, ExprKind, Ident, Literal, Name, TableConstraint, TableDef,
};
use crate::catalog::{Column, ColumnId, Constraint, ConstraintKind, KeptType, NotNull, Table};
use crate::data::Type;
use crate::diagnostic::{Code, Diagnostic};
use crate::expr::{Expression, NoColumns, Scope};
use crate::phrase::did_you_mean;
use crate::plan::Action;
use crate::plan::column_type::ColumnType;
use crate::plan::constraints::{self, OwnColumns};
use crate::plan::planner::{Planner, Resolved};
use crate::source::Span;

impl Planner<'_> {
    /// `add column`.
    pub(super) fn add_column(&mut self, table: Option<&Ident>, def: &ColumnDef, span: Span) -> Resolved<Action> {
        let table = self.subject(table, &[], span)?;
        let ty = self.type_of_new_column(&table, def);
        if let Some(existing) = self.catalog.column(&table, &def.name.name) {
            let (id, has) = (existing.id, ColumnType::of(existing));
            let added_at = self.added_at(id);
            return if def.ty.is_none() || has == ty || has.is_unknown() {
                Ok(Action::KeepColumn { table, column: id })
            } else {
                Err(Box::new(conflict(def, &has, &ty, added_at)))
            };
        }
        self.check_not_null_has_default(&table, def);
        let id = self.catalog.new_column_id();
        let column = self.column_of(id, def, &ty);
        let mut constraints = Vec::new();
        for (constraint, span) in &def.constraints {
            let added = self.constraint_of_column(&table, &column, constraint, *span);
            constraints.extend(self.or_note(added).flatten());
        }
        Ok(Action::AddColumn { table, column, constraints })
    }

    /// `add table`.
    pub(super) fn add_table(&mut self, def: &TableDef) -> Resolved<Action> {
        if self.catalog.table(&def.name.name).is_some() {
            let message = format!("table `{}` already exists", def.name.name);
            return Err(Box::new(
                Diagnostic::new(Code::DuplicateName, message, def.name.span, "there is a table with this name")
                    .help("choose another name, or leave the statement out if it is the same table"),
            ));
        }
        let mut table = self.table_of(def);
        for key in self.references_of(def, &table) {
            table.add_constraint(key);
        }
        Ok(Action::AddTable(Arc::new(table)))
    }

    /// A table with its columns and all constraints but foreign keys.
    pub(super) fn table_of(&mut self, def: &TableDef) -> Table {
        let mut table = Table::new(def.name.name.clone(), true);
        for column in &def.columns {
            if table.column(&column.name.name).is_some() {
                let message = format!("column `{}` is declared twice", column.name.name);
                let duplicate = Diagnostic::new(Code::DuplicateName, message, column.name.span, "declared again here");
                self.diagnostics.push(duplicate.help("keep one of the two"));
                continue;
            }
            let id = self.catalog.new_column_id();
            let ty = column.ty.as_ref().map_or(ColumnType::known(Type::Text), ColumnType::written);
            let column = self.column_of(id, column, &ty);
            table.add_column(column);
        }
        self.add_own_constraints(&mut table, def);
        table
    }

    fn column_of(&mut self, id: ColumnId, def: &ColumnDef, of: &ColumnType) -> Column {
        let (ty, written_type) = (of.ty, of.written.clone());
        let mut column =
            Column { id, name: def.name.name.clone(), ty, written_type, not_null: NotNull::No, default: None };
        for (constraint, _) in &def.constraints {
            match constraint {
                ColumnConstraint::NotNull | ColumnConstraint::PrimaryKey => column.not_null = NotNull::Yes,
                ColumnConstraint::Default(value) => {
                    let default = default_of(value, of);
                    column.default = self.or_note(default);
                }
                _ => {}
            }
        }
        column
    }

    /// `set default`.
    pub(super) fn set_default(&mut self, column: &ColumnRef, value: &Expr) -> Resolved<Action> {
        let (table, column) = self.column(column)?;
        Ok(Action::SetDefault { table, column: column.id, default: Some(default_of(value, &ColumnType::of(&column))?) })
    }

    fn check_not_null_has_default(&mut self, table: &Name, def: &ColumnDef) {
        let place = |wanted: fn(&ColumnConstraint) -> bool| {
            def.constraints.iter().find(|(constraint, _)| wanted(constraint)).map(|(_, span)| *span)
        };
        let not_null =
            place(|constraint| matches!(constraint, ColumnConstraint::NotNull | ColumnConstraint::PrimaryKey));
        let default = place(|constraint| match constraint {
            ColumnConstraint::Default(value) => !matches!(value.kind, ExprKind::Literal(Literal::Null)),
            _ => false,
        });
        let (Some(span), None) = (not_null, default) else { return };
        let name = &def.name.name;
        let message = format!("column `{name}` is not null, and rows of `{table}` have no value for it");
        self.diagnostics.push(
            Diagnostic::new(
                Code::NotNullWithoutDefault,
                message,
                span,
                "existing rows, and writes that do not know of it, fail",
            )
            .help(format!(
                "add the column without `not null`, fill it (`migrate backfill {name} from …`), and \
                 `contract set not null {name}` when every live application writes it; or give it a `default`"
            )),
        );
    }

    /// Keeps what is wrong, and goes on without it.
    pub(super) fn or_note<T>(&mut self, outcome: Resolved<T>) -> Option<T> {
        outcome.map_err(|diagnostic| self.diagnostics.push(*diagnostic)).ok()
    }

    fn add_own_constraints(&mut self, table: &mut Table, def: &TableDef) {
        for column in &def.columns {
            let Some(id) = table.column(&column.name.name).map(|column| column.id) else { continue };
            for (constraint, span) in &column.constraints {
                let (kind, ending) = match constraint {
                    ColumnConstraint::PrimaryKey => (Ok(ConstraintKind::PrimaryKey([id].into())), "pkey"),
                    ColumnConstraint::Unique => (Ok(ConstraintKind::Unique([id].into())), "key"),
                    ColumnConstraint::Check(condition) => (own_check(table, condition), "check"),
                    _ => continue,
                };
                self.add_named(table, None, kind, (ending, *span));
            }
        }
        for constraint in &def.constraints {
            let (name, kind, ending, span) = match constraint {
                TableConstraint::PrimaryKey(columns, span) => (None, primary_key(table, columns), "pkey", span),
                TableConstraint::Unique(name, columns, span) => {
                    (name.as_ref(), ids_of(table, columns).map(ConstraintKind::Unique), "key", span)
                }
                TableConstraint::Check(name, condition, span) => {
                    (name.as_ref(), own_check(table, condition), "check", span)
                }
                TableConstraint::Index(name, columns, unique, filter, span) => {
                    (name.as_ref(), index(table, columns, *unique, filter.as_ref()), "idx", span)
                }
                TableConstraint::ForeignKey(_) => continue,
            };
            self.add_named(table, name, kind, (ending, *span));
        }
    }

    fn add_named(
        &mut self,
        table: &mut Table,
        name: Option<&Ident>,
        kind: Resolved<ConstraintKind>,
        (ending, span): (&str, Span),
    ) {
        let Some(kind) = self.or_note(kind) else { return };
        if let Some(taken) = name.filter(|name| table.constraint(&name.name).is_some()) {
            let message = format!("`{}` already exists", taken.name);
            let duplicate = Diagnostic::new(Code::DuplicateName, message, taken.span, "the name is taken");
            self.diagnostics.push(duplicate.help("choose another name"));
            return;
        }
        if matches!(kind, ConstraintKind::PrimaryKey(_)) && table.primary_key().is_some() {
            let message = format!("table `{}` has two primary keys", table.name);
            let duplicate = Diagnostic::new(Code::DuplicateName, message, span, "the second one");
            self.diagnostics.push(duplicate.help("write `primary key (a, b)` for a key over several columns"));
            return;
        }
        let columns = if ending == "pkey" { Vec::new() } else { table.column_names(kind.columns()) };
        let name = name.map_or_else(|| constraints::free_name(table, &columns, ending), |name| name.name.clone());
        table.add_constraint(Constraint { name, kind });
    }

    /// The foreign keys of a declared table; `table` need not be in the catalog yet.
    pub(super) fn references_of(&mut self, def: &TableDef, table: &Table) -> Vec<Constraint> {
        let mut keys = Vec::new();
        for column in &def.columns {
            for (constraint, span) in &column.constraints {
                if let ColumnConstraint::References(to) = constraint {
                    keys.push((None, &column.name, (&to.0, to.1.as_ref()), *span));
                }
            }
        }
        for constraint in &def.constraints {
            if let TableConstraint::ForeignKey(key) = constraint {
                keys.push((key.name.as_ref(), &key.column, (&key.table, key.referenced.as_ref()), key.span));
            }
        }
        keys.into_iter()
            .filter_map(|(name, from, to, span)| self.declared_reference(table, name, from, to, span))
            .collect()
    }

    /// Whether a table that a declaration refers to is one that the script leaves out, and not one whose name is wrong.
    fn is_left_out(&mut self, to: &Ident) -> bool {
        if self.begun || self.open || self.catalog.table(&to.name).is_some() {
            return false;
        }
        let is_known_later = self.lifespans().added(&to.name, "").or(self.lifespans().dropped(&to.name, "")).is_some();
        let names = self.catalog.tables().map(|table| &*table.name);
        !is_known_later && did_you_mean(&to.name, names).is_none()
    }

    fn declared_reference(
        &mut self,
        table: &Table,
        name: Option<&Ident>,
        from: &Ident,
        to: (&Ident, Option<&Ident>),
        span: Span,
    ) -> Option<Constraint> {
        let column = ids_of(table, std::slice::from_ref(from)).map(|ids| ids[0]);
        let column = self.or_note(column).and_then(|id| table.column_by_id(id))?;
        let kind = if to.0.name == table.name && self.catalog.table(&table.name).is_none() {
            self_reference(table, column, to)
        } else if self.is_left_out(to.0) {
            self.diagnostics.push(left_out_reference(table, from, to.0));
            return None;
        } else {
            self.reference_kind(column, span, to, true)
        };
        let kind = self.or_note(kind)?;
        let name = name.map_or_else(|| constraints::free_name(table, &[&from.name], "fkey"), |name| name.name.clone());
        Some(Constraint { name, kind })
    }

    fn constraint_of_column(
        &mut self,
        table: &Name,
        column: &Column,
        constraint: &ColumnConstraint,
        span: Span,
    ) -> Resolved<Option<Constraint>> {
        let (kind, ending) = match constraint {
            ColumnConstraint::NotNull | ColumnConstraint::Null | ColumnConstraint::Default(_) => return Ok(None),
            ColumnConstraint::PrimaryKey => {
                return Err(Box::new(
                    Diagnostic::new(Code::WrongPhase, "a primary key cannot be added to a table in use", span, "here")
                        .help("add the column, fill it, and `add unique` on it; make it the key in a later release"),
                ));
            }
            ColumnConstraint::Unique => (ConstraintKind::Unique([column.id].into()), "key"),
            ColumnConstraint::References(to) => {
                (self.reference_kind(column, span, (&to.0, to.1.as_ref()), true)?, "fkey")
            }
            ColumnConstraint::Check(condition) => (self.check_with(table, column, condition)?, "check"),
        };
        let name = self.catalog.table(table).map(|table| constraints::free_name(table, &[&column.name], ending));
        Ok(name.map(|name| Constraint { name, kind }))
    }

    /// A check of a column that is about to be added.
    fn check_with(&mut self, table: &Name, column: &Column, condition: &Expr) -> Resolved<ConstraintKind> {
        self.imply_table(table);
        let found = self.catalog.table(table).map(|table| &**table);
        let fallback = Table::new(table.clone(), false);
        let scope = OwnColumns { table: found.unwrap_or(&fallback), extra: Some(column) };
        let condition = constraints::boolean(condition, &scope)?;
        let own = condition.inputs().contains(&column.name).then_some(column.id);
        let columns = constraints::inputs(&condition, found).iter().copied().chain(own).collect();
        Ok(ConstraintKind::Check { condition, columns, validated: true })
    }
}

/// A moment at which a default is tried that hangs on it, in microseconds since 2000-01-01: one of 2026.
const SOME_MOMENT: i64 = 843_298_672_123_456;

/// A default: an expression without columns, of the column's type.
fn default_of(value: &Expr, of: &ColumnType) -> Resolved<Expression> {
    let default = Expression::resolve(value, &NoColumns, Some(of.ty))?;
    let refused = match default.eval(&[], SOME_MOMENT) {
        Ok(value) => of.written.as_deref().and_then(|written| KeptType::of(written).refuses(&value)),
        Err(error) => Some(error.message),
    };
    match refused {
        None => Ok(default),
        Some(message) => Err(Box::new(
            Diagnostic::new(Code::TypeMismatch, message, value.span, "this default")
                .help(format!("give a value that {of} can hold")),
        )),
    }
}

fn own_check(table: &Table, condition: &Expr) -> Resolved<ConstraintKind> {
    constraints::check_of(table, condition, &OwnColumns { table, extra: None })
}

fn index(table: &Table, columns: &[Ident], unique: bool, filter: Option<&Expr>) -> Resolved<ConstraintKind> {
    let scope = OwnColumns { table, extra: None };
    let filter = filter.map(|filter| constraints::boolean(filter, &scope)).transpose()?;
    Ok(ConstraintKind::Index { columns: ids_of(table, columns)?, unique, filter })
}

fn primary_key(table: &mut Table, columns: &[Ident]) -> Resolved<ConstraintKind> {
    let ids = ids_of(table, columns)?;
    for id in &ids {
        if let Some(column) = table.column_mut(*id) {
            column.not_null = NotNull::Yes;
        }
    }
    Ok(ConstraintKind::PrimaryKey(ids))
}

/// A foreign key of a table to itself, while the table is being made.
fn self_reference(table: &Table, from: &Column, to: (&Ident, Option<&Ident>)) -> Resolved<ConstraintKind> {
    let named = to.1.map(|name| ids_of(table, std::slice::from_ref(name))).transpose()?;
    let referenced = named.as_deref().or_else(|| table.primary_key()).and_then(<[ColumnId]>::first).copied();
    match referenced {
        Some(referenced) => {
            let table = table.name.clone();
            Ok(ConstraintKind::ForeignKey { column: from.id, table, referenced, validated: true })
        }
        None => Err(Box::new(
            Diagnostic::new(
                Code::UnknownName,
                format!("table `{}` has no primary key", table.name),
                to.0.span,
                "refers to itself",
            )
            .help("name the column: `references TABLE (column)`"),
        )),
    }
}

fn ids_of(table: &Table, names: &[Ident]) -> Resolved<Box<[ColumnId]>> {
    let scope = OwnColumns { table, extra: None };
    let id = |name: &Ident| {
        let column = ColumnRef { table: None, column: name.clone() };
        let (name, _) = scope.column(&column)?;
        Ok(table.column(&name).map_or(ColumnId(0), |column| column.id))
    };
    names.iter().map(id).collect()
}

fn conflict(def: &ColumnDef, has: &ColumnType, wanted: &ColumnType, added_at: Span) -> Diagnostic {
    let name = &def.name.name;
    let span = def.ty.as_ref().map_or(def.name.span, |ty| def.name.span.to(ty.span));
    let message = format!("column `{name}` already exists with type {has}");
    let mut conflict = Diagnostic::new(Code::ColumnConflict, message, span, format!("… cannot be {wanted} as well"));
    if !added_at.is_empty() {
        conflict = conflict.label(added_at, format!("{has} here …"));
    }
    conflict.help(format!(
        "give the new column another name, fill it with `backfill … from {name}`, and drop the old one in contract"
    ))
}

/// What is said of a foreign key of a declaration whose other table the script does not declare: nothing is known of the
/// rows there.
#[must_use]
pub fn left_out(table: &Name, from: &Ident, to: &Ident) -> String {
    let (from, to) = (&from.name, &to.name);
    format!(
        "the foreign key of `{table}.{from}` to `{to}`, which the script does not declare, refuses nothing that happens"
    )
}

fn left_out_reference(table: &Table, from: &Ident, to: &Ident) -> Diagnostic {
    let help = format!("declare `{}`, or check with `--db` or `--schema`: they read it along", to.name);
    let message = left_out(&table.name, from, to);
    Diagnostic::new(Code::Condition, message, to.span, "this table is not declared").help(help)
}
