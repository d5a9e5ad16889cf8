//! What is dropped, and needed by something that only the database knows of.

use crate::ast::Name;
use crate::catalog::{Catalog, ColumnId};
use crate::diagnostic::{Code, Diagnostic};
use crate::engine::postgres::relation::{Dependent, DependentKind};
use crate::engine::postgres::{Relation, Server};
use crate::plan::{Plan, Removal};
use crate::source::Span;

/// Adds a finding for each drop of what something else needs, unless one already exists.
pub(super) fn refuse(plan: &Plan, server: &Server, findings: &mut Vec<Diagnostic>) {
    let mut catalog = plan.start.clone();
    for step in &plan.steps {
        let found = step.action.effect(&catalog).removes.and_then(|removed| match removed {
            Removal::Column(table, column) => column_needed(plan, server, &catalog, (table, column), step.span),
            Removal::Table(table) => table_needed(plan, server, &catalog, (table, step.span)),
        });
        let is_told = |other: &Diagnostic| {
            other.code == Code::StillNeeded && other.labels.iter().any(|at| step.span.to(at.span) == step.span)
        };
        if let Some(found) = found.filter(|_| !findings.iter().any(is_told)) {
            findings.push(found);
        }
        catalog.apply(&step.action);
    }
}

fn column_needed(
    plan: &Plan,
    server: &Server,
    catalog: &Catalog,
    (table, column): (&Name, ColumnId),
    span: Span,
) -> Option<Diagnostic> {
    // What the plan itself has added, nothing in the database depends on.
    let name = &plan.start.table(table)?.column_by_id(column)?.name;
    let relation = server.relation(table)?;
    let by_view = |dependent: &&Dependent| {
        dependent.columns.iter().any(|needed| **needed == **name) && counts(dependent, plan, catalog)
    };
    if let Some(dependent) = relation.dependents.iter().find(by_view) {
        return Some(needed(&format!("column `{name}`"), dependent, span));
    }
    if relation.partition_key.iter().any(|key| **key == **name) {
        let message = format!("table `{table}` is partitioned by `{name}`");
        let found = Diagnostic::new(Code::StillNeeded, message, span, "PostgreSQL refuses this");
        return Some(found.help("copy the rows to a table that is partitioned differently"));
    }
    let index = lost_index(relation, name)
        .filter(|index| catalog.table(table).is_some_and(|table| is_kept(index, table, plan)))?;
    let message = format!("dropping `{name}` also drops index `{index}` of the database");
    let found = Diagnostic::new(Code::StillNeeded, message, span, "it covers other columns as well");
    Some(found.help(format!("declare the index in the script and `contract drop index {index}` first")))
}

/// An index over this column and others.
fn lost_index<'a>(relation: &'a Relation, name: &str) -> Option<&'a String> {
    let has = |column: &Option<String>| column.as_deref() == Some(name);
    let among = relation.indexes.iter().find(|index| {
        let reads = index.columns.iter().any(has) || index.also_reads.iter().any(|read| read == name);
        reads && index.columns.iter().any(|column| !has(column))
    });
    among.map(|index| &index.name)
}

/// Whether the script knows nothing of an index: what it knows of is checked as all the rest.
fn is_kept(index: &str, table: &crate::catalog::Table, plan: &Plan) -> bool {
    let known = plan.start.table(&table.name).is_some_and(|start| start.constraint(index).is_some());
    !known && table.constraint(index).is_none()
}

fn table_needed(plan: &Plan, server: &Server, catalog: &Catalog, (table, span): (&Name, Span)) -> Option<Diagnostic> {
    let outside = |dependent: &&Dependent| {
        let is_outside = match dependent.kind {
            DependentKind::View
            | DependentKind::MaterializedView
            | DependentKind::ForeignKey
            | DependentKind::Function => true,
            DependentKind::GeneratedColumn
            | DependentKind::Policy
            | DependentKind::Publication
            | DependentKind::Trigger => false,
        };
        is_outside && counts(dependent, plan, catalog)
    };
    let dependent = server.relation(table)?.dependents.iter().find(outside)?;
    Some(needed(&format!("table `{table}`"), dependent, span))
}

/// Whether something is there still. Foreign keys that the script knows of leave by its statements, and are checked with
/// them; those of a table that it has dropped are gone.
fn counts(dependent: &Dependent, plan: &Plan, catalog: &Catalog) -> bool {
    if dependent.kind != DependentKind::ForeignKey {
        return true;
    }
    let mut parts = dependent.name.rsplitn(2, '.').map(|part| part.trim_matches('"'));
    let (name, table) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let is_known = plan.start.table(table).is_some_and(|table| table.constraint(name).is_some());
    let is_gone = plan.start.table(table).is_some() && catalog.table(table).is_none();
    !is_known && !is_gone
}

fn needed(what: &str, dependent: &Dependent, span: Span) -> Diagnostic {
    let (kind, name) = (dependent.kind, &dependent.name);
    let message = format!("{kind} `{name}` of the database needs {what}");
    let help = match kind {
        DependentKind::View | DependentKind::MaterializedView => {
            format!("replace the view with one without the column, or drop it, before this statement: `{name}`")
        }
        DependentKind::ForeignKey => {
            format!("drop it before this statement: `alter table … drop constraint …` (`{name}`)")
        }
        DependentKind::Publication => {
            format!("take the column out of the publication first: `alter publication {name} set table …`")
        }
        DependentKind::Function | DependentKind::GeneratedColumn | DependentKind::Policy | DependentKind::Trigger => {
            format!("change or drop {kind} `{name}` first")
        }
    };
    Diagnostic::new(Code::StillNeeded, message, span, "PostgreSQL refuses this, or drops that as well").help(help)
}
