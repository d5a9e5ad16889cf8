//! What an action does, in the words of a history.

use std::sync::Arc;

use crate::catalog::{Catalog, Column, ColumnId, Constraint, ConstraintKind, Sync, SyncId};
use crate::data::Type;
use crate::phrase::lasting;
use crate::plan::{Action, FillKind, FillingKind};

/// `Add column 'display_name' (text) to users`. `catalog` is the schema before the action.
pub(super) fn title(action: &Action, catalog: &Catalog) -> String {
    let name = |table: &str, column| catalog.column_name(table, column).to_owned();
    match action {
        Action::AddColumn { table, column, .. } => {
            format!("Add column '{}'{} to {table}", column.name, type_in_brackets(column))
        }
        Action::KeepColumn { table, column } => {
            format!("Add column '{}' to {table}: skipped, it already exists", name(table, *column))
        }
        Action::AddTable(table) => match table.width() {
            1 => format!("Add table '{}' (1 column)", table.name),
            columns => format!("Add table '{}' ({columns} columns)", table.name),
        },
        Action::AddConstraint { table, constraint } => {
            format!(
                "Add {} '{}' on {table}{}",
                constraint.kind.noun(),
                constraint.name,
                over(constraint, table, catalog)
            )
        }
        Action::DropConstraint { table, name } => {
            let noun =
                catalog.table(table).and_then(|table| table.constraint(name)).map_or("constraint", |c| c.kind.noun());
            format!("Drop {noun} '{name}' on {table}")
        }
        Action::AddNotNull { table, column } => format!("Add not null on '{}' of {table}", name(table, *column)),
        Action::SetNotNull { table, column } => format!("Set not null on '{}' of {table}", name(table, *column)),
        Action::DropNotNull { table, column } => format!("Drop not null on '{}' of {table}", name(table, *column)),
        Action::SetDefault { table, column, default: Some(_) } => {
            format!("Set default of '{}' of {table}", name(table, *column))
        }
        Action::SetDefault { table, column, default: None } => {
            format!("Drop default of '{}' of {table}", name(table, *column))
        }
        Action::ValidateConstraint { table, name } => format!("Validate '{name}' on {table}"),
        Action::ValidateNotNull { table, column } => {
            format!("Validate not null on '{}' of {table}", name(table, *column))
        }
        Action::AddSyncs(syncs) => format!("Sync {}", followed(syncs, catalog)),
        Action::DropSyncs(ids) => format!("Drop sync of {}", synced(ids, catalog)),
        Action::Fill { kind, table, column, value, .. } => {
            let verb = if *kind == FillKind::Backfill { "Backfill" } else { "Seed" };
            let from = value.inputs().join(", ");
            let from = if from.is_empty() { "a constant" } else { &from };
            format!("{verb} '{}' of {table} from {from}", name(table, *column))
        }
        Action::Copy { from, to, .. } => format!("Copy '{from}' to '{to}'"),
        Action::Verify { table, condition } => format!("Verify '{table}' ({})", condition.inputs().join(", ")),
        Action::DropColumn { table, column } => format!("Drop column '{}' of {table}", name(table, *column)),
        Action::DropTable(table) => format!("Drop table '{table}'"),
        Action::Deploy(app) => format!("Deploy '{app}'"),
        Action::Retire(app) => format!("Retire '{app}'"),
        Action::Confirm(text) => format!("Confirm \"{text}\""),
        Action::Wait(ms) => format!("Wait {}", lasting(*ms)),
    }
}

impl Action {
    /// What people call a statement that can be moved: "the backfill of `c`"; none for others. `catalog` is the schema
    /// before it.
    #[must_use]
    pub fn called(&self, catalog: &Catalog) -> Option<String> {
        let effect = self.effect(catalog);
        let name = |table: &str, column| catalog.column_name(table, column).to_owned();
        Some(match self {
            Self::Deploy(_) | Self::Retire(_) => format!("`{}`", effect.gate?),
            Self::DropSyncs(_) => "this `drop sync`".to_owned(),
            Self::AddSyncs(_) | Self::Fill { .. } => {
                let filling = effect.fills.first()?;
                format!("the {} of `{}`", sentence(filling.kind), name(filling.table, filling.column))
            }
            Self::Copy { from, to, .. } => format!("the copy of `{from}` to `{to}`"),
            Self::DropColumn { table, column } => format!("`drop column {}`", name(table, *column)),
            Self::DropTable(table) => format!("`drop table {table}`"),
            Self::SetNotNull { table, column } => format!("`set not null {}`", name(table, *column)),
            Self::AddNotNull { table, column } => format!("`add not null {}`", name(table, *column)),
            Self::DropNotNull { table, column } => format!("`drop not null {}`", name(table, *column)),
            Self::AddColumn { .. }
            | Self::KeepColumn { .. }
            | Self::AddTable(_)
            | Self::AddConstraint { .. }
            | Self::DropConstraint { .. }
            | Self::ValidateConstraint { .. }
            | Self::ValidateNotNull { .. }
            | Self::SetDefault { .. }
            | Self::Verify { .. }
            | Self::Confirm(_)
            | Self::Wait(_) => return None,
        })
    }
}

/// The noun, as the statement that it stands for where that is one word of the language.
fn sentence(kind: FillingKind) -> String {
    if kind == FillingKind::Sync { "`sync`".to_owned() } else { kind.noun().to_owned() }
}

/// ` (text)`; nothing for a type that nobody has said.
fn type_in_brackets(column: &Column) -> String {
    match (column.ty, &column.written_type) {
        (_, Some(ty)) => format!(" ({ty})"),
        (Type::Unknown, None) => String::new(),
        (ty, None) => format!(" ({ty})"),
    }
}

/// `'a' <-> 'b'` where two columns follow each other, else `'a' from b, c`.
fn followed(syncs: &[Arc<Sync>], catalog: &Catalog) -> String {
    let target = |sync: &Sync| side(catalog, sync, &sync.target_table, sync.target);
    let sources = |sync: &Sync| {
        let sources = sync.source_columns.iter().map(|source| side(catalog, sync, &sync.source_table, *source));
        sources.collect::<Vec<_>>().join(", ")
    };
    if let [into, _] = syncs {
        return format!("'{}' <-> '{}'", target(into), sources(into));
    }
    let follows = syncs.iter().map(|sync| format!("'{}' from {}", target(sync), sources(sync)));
    follows.collect::<Vec<_>>().join(" and ")
}

/// A column of a sync; with its table where the sync is between two.
fn side(catalog: &Catalog, sync: &Sync, table: &str, column: ColumnId) -> String {
    let name = catalog.column_name(table, column);
    if sync.join.is_some() { format!("{table}.{name}") } else { name.to_owned() }
}

fn over(constraint: &Constraint, table: &str, catalog: &Catalog) -> String {
    if matches!(constraint.kind, ConstraintKind::Check { .. }) {
        return String::new();
    }
    let names = catalog.table(table).map_or(Vec::new(), |table| table.column_names(constraint.kind.columns()));
    format!(" ({})", names.join(", "))
}

fn synced(ids: &[SyncId], catalog: &Catalog) -> String {
    let targets = ids.iter().filter_map(|id| catalog.sync(*id));
    let names = targets.map(|sync| format!("'{}'", catalog.column_name(&sync.target_table, sync.target)));
    names.collect::<Vec<_>>().join(" and ")
}
