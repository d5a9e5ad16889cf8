//! Syncs: which columns follow which, and which rows of two tables belong together.

use std::sync::Arc;

use crate::ast::{ColumnRef, DropSync, Expr, ExprKind, Ident, Name, Sync as SyncDef, SyncKind};
use crate::catalog::{Column, ConstraintKind, Sync, SyncId, SyncJoin, Table};
use crate::diagnostic::{Code, Diagnostic};
use crate::expr::Expression;
use crate::plan::planner::{Planner, Resolved};
use crate::plan::{Action, constraints};
use crate::source::Span;

impl Planner<'_> {
    /// `sync c <-> d`, `sync d from EXPR`.
    pub(super) fn add_sync(&mut self, sync: &SyncDef, span: Span) -> Resolved<Action> {
        let target = self.column(&sync.target)?;
        let syncs = match &sync.kind {
            SyncKind::Both(other) => {
                let other_target = self.column(other)?;
                let into = self.one_sync(&target, &column_expr(other), span)?;
                let back = self.one_sync(&other_target, &column_expr(&sync.target), span)?;
                twins(into, back)
            }
            SyncKind::From(value) => vec![Arc::new(self.one_sync(&target, value, span)?)],
        };
        if let Some(same) = syncs.iter().find(|sync| self.has_sync(sync)) {
            let name = self.catalog.column_name(&same.target_table, same.target);
            let message = format!("column `{name}` already follows this");
            return Err(Box::new(
                Diagnostic::new(Code::DuplicateName, message, span, "the same sync again").help("leave it out"),
            ));
        }
        Ok(Action::AddSyncs(syncs))
    }

    fn one_sync(&mut self, (table, column): &(Name, Column), value: &Expr, span: Span) -> Resolved<Sync> {
        let source_table = self.source_table(table, value)?;
        self.imply_columns(&source_table, value)?;
        let expression = Expression::resolve(value, &self.scope(&source_table), Some(column.ty))?;
        let source = self.catalog.table(&source_table).map(|table| &**table);
        let source_columns = constraints::inputs(&expression, source).into_vec();
        if source_columns.is_empty() {
            return Err(Box::new(
                Diagnostic::new(
                    Code::TypeMismatch,
                    "a sync follows columns, and this has none",
                    value.span,
                    "always the same",
                )
                .help(format!("for a fixed value write `set default {} …`", column.name)),
            ));
        }
        if source_columns.contains(&column.id) {
            let message = format!("column `{}` cannot follow itself", column.name);
            return Err(Box::new(
                Diagnostic::new(Code::NotIdempotent, message, value.span, "reads the column that it changes")
                    .help("follow another column, or add a new column for the new form"),
            ));
        }
        let join = (source_table != *table).then(|| self.join(&source_table, table, span)).transpose()?;
        Ok(Sync {
            id: self.catalog.new_sync_id(),
            twin: None,
            source_table,
            source_columns,
            target_table: table.clone(),
            target: column.id,
            value: expression,
            join,
        })
    }

    /// The table whose columns a sync follows: that of its qualified columns, else that of the column that follows.
    fn source_table(&mut self, target: &Name, value: &Expr) -> Resolved<Name> {
        let mut named: Option<Ident> = None;
        value.for_each_column(&mut |column| {
            if let (None, Some(table)) = (&named, &column.table) {
                named = Some((**table).clone());
            }
        });
        match named {
            Some(table) => self.table(&table),
            None => Ok(target.clone()),
        }
    }

    /// How rows of two tables belong together: through a foreign key between them that is unique on its own side.
    fn join(&self, source: &Name, target: &Name, span: Span) -> Resolved<SyncJoin> {
        let between = |from: &Name, to: &Name| {
            let (from, to) = (self.catalog.table(from)?, self.catalog.table(to)?);
            one_to_one(from, to)
        };
        if let Some((target_key, source_key)) = between(target, source) {
            return Ok(SyncJoin { source_key, target_key, inserts: true });
        }
        if let Some((source_key, target_key)) = between(source, target) {
            return Ok(SyncJoin { source_key, target_key, inserts: false });
        }
        let message = format!("nothing says which row of `{target}` belongs to which row of `{source}`");
        Err(Box::new(Diagnostic::new(Code::AmbiguousTable, message, span, "a sync between two tables").help(format!(
            "give `{target}` a primary key or unique column that references `{source}`: \
             `{source}_id integer primary key references {source} (id)`"
        ))))
    }

    fn has_sync(&self, sync: &Sync) -> bool {
        let same = |other: &Arc<Sync>| other.target == sync.target && other.value == sync.value;
        self.catalog.syncs_of(sync.target).any(same)
    }

    /// `drop sync c <-> d`, `drop sync d`.
    pub(super) fn drop_sync(&mut self, drop: &DropSync) -> Resolved<Action> {
        let (_, target) = self.column(&drop.target)?;
        let Some(other) = &drop.other else {
            let into = self.catalog.syncs_of(target.id).filter(|sync| sync.target == target.id);
            let plain: Vec<SyncId> = into.filter(|sync| sync.twin.is_none()).map(|sync| sync.id).collect();
            return if plain.is_empty() {
                Err(Box::new(self.no_sync(drop, &target)))
            } else {
                Ok(Action::DropSyncs(plain))
            };
        };
        let (_, other) = self.column(other)?;
        let pair = self
            .catalog
            .syncs_of(target.id)
            .find(|sync| sync.twin.is_some() && sync.target == target.id && sync.source_columns == [other.id])
            .and_then(|sync| Some(vec![sync.id, sync.twin?]));
        pair.map(Action::DropSyncs).ok_or_else(|| Box::new(self.no_sync(drop, &target)))
    }

    fn no_sync(&self, drop: &DropSync, target: &Column) -> Diagnostic {
        let span = drop.other.as_ref().map_or(drop.target.span(), |other| drop.target.span().to(other.span()));
        let message = format!("column `{}` has no such sync", target.name);
        let mut unknown = Diagnostic::new(Code::UnknownName, message, span, "nothing to drop");
        let both = self.catalog.syncs_of(target.id).find(|sync| sync.twin.is_some() && sync.target == target.id);
        unknown.help = Some(match both {
            Some(sync) => {
                let other = self.catalog.column_name(&sync.source_table, sync.source_columns[0]);
                format!("did you mean `drop sync {} <-> {other}`?", target.name)
            }
            None => "it may have gone with a dropped column; leave the statement out".to_owned(),
        });
        unknown
    }
}

fn twins(mut into: Sync, mut back: Sync) -> Vec<Arc<Sync>> {
    into.twin = Some(back.id);
    back.twin = Some(into.id);
    vec![Arc::new(into), Arc::new(back)]
}

/// A foreign key of `from` to `to` that is unique in `from`: its column, and the column referred to.
fn one_to_one(from: &Table, to: &Table) -> Option<(crate::catalog::ColumnId, crate::catalog::ColumnId)> {
    from.foreign_keys().find_map(|key| match &key.kind {
        ConstraintKind::ForeignKey { column, table, referenced, .. }
            if *table == to.name && from.is_unique(*column) =>
        {
            Some((*column, *referenced))
        }
        _ => None,
    })
}

fn column_expr(column: &ColumnRef) -> Expr {
    Expr { span: column.span(), kind: ExprKind::Column(Box::new(column.clone())) }
}
