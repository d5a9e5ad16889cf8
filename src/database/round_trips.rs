//! The law of two forms on the rows that a database has: what is translated and translated back is what it was.

use std::sync::Arc;

use postgres::GenericClient;

use crate::ast::{Name, Script};
use crate::catalog::{Catalog, ColumnId, Sync};
use crate::data::Type;
use crate::diagnostic::{Code, Diagnostic};
use crate::engine::Fault;
use crate::engine::postgres::Server;
use crate::engine::postgres::inspect::round_trip::{Lost, RoundTrip, of_row, typed};
use crate::plan::{Action, Plan};
use crate::source::Span;

/// Goes the way there and back with the rows of each table in which columns are translated both ways; a value that does
/// not survive is a finding, unless the script allows that. Nothing is changed.
///
/// # Errors
/// The server cannot be asked.
pub(super) fn round_trips(
    client: &mut impl GenericClient,
    script: &Script,
    plan: &Plan,
    server: &Server,
) -> Result<Vec<Diagnostic>, Fault> {
    if script.allows.iter().any(|allow| *allow.code.name == *Code::LossyTranslation.name()) {
        return Ok(Vec::new());
    }
    let syncs = syncs_of(plan);
    let mut found = Vec::new();
    for (sync, span, catalog) in &syncs {
        let Some(trip) = Trip::of(sync, catalog, &syncs, plan, server) else { continue };
        found.extend(trip.go(client)?.map(|message| finding(&message, *span)));
    }
    Ok(found)
}

type Placed = (Arc<Sync>, Span, Catalog);

/// The syncs within a table, with the place and the schema of their statements.
fn syncs_of(plan: &Plan) -> Vec<Placed> {
    let mut catalog = plan.start.clone();
    let mut syncs = Vec::new();
    for step in &plan.steps {
        if let Action::AddSyncs(added) = &step.action {
            let near = added.iter().filter(|sync| sync.join.is_none());
            syncs.extend(near.map(|sync| (Arc::clone(sync), step.span, catalog.clone())));
        }
        catalog.apply(&step.action);
    }
    syncs
}

/// The way of a column that is there into another form and back.
struct Trip {
    column: Name,
    way: RoundTrip,
}

impl Trip {
    /// None where the sync does not lead back to a column that the database has, or only copies.
    fn of(sync: &Sync, catalog: &Catalog, syncs: &[Placed], plan: &Plan, server: &Server) -> Option<Self> {
        let table = plan.start.table(&sync.target_table)?;
        let target = table.column_by_id(sync.target)?;
        let relation = server.relation(&table.name)?;
        relation.column(&target.name)?;
        let schema = catalog.table(&table.name)?;
        let from_start = |id: ColumnId| table.column_by_id(id).is_some();
        let there = |id: ColumnId| {
            let into = syncs.iter().map(|(sync, ..)| sync).filter(|sync| sync.target == id);
            into.into_iter().find(|sync| sync.source_columns.iter().all(|source| from_start(*source)))
        };
        let is_translated = sync.value.as_plain_column().is_none()
            || sync
                .source_columns
                .iter()
                .any(|id| there(*id).is_some_and(|sync| sync.value.as_plain_column().is_none()));
        let leads_back = |id: &ColumnId| !from_start(*id) && there(*id).is_some();
        if !is_translated || !sync.source_columns.iter().all(leads_back) {
            return None;
        }
        let back = sync.value.to_sql(&|name| match schema.column(name) {
            Some(column) => there(column.id)
                .map_or_else(|| of_row(name), |into| typed(&into.value.to_sql(&|name| of_row(name)), column)),
            None => of_row(name),
        });
        let has_equality = !matches!(target.ty, Type::Json | Type::Unknown);
        let (column, back) = (of_row(&target.name), typed(&back, target));
        let way = RoundTrip { relation: relation.qualified(), column, back, has_equality };
        Some(Self { column: target.name.clone(), way })
    }

    /// What is wrong, where something is.
    fn go(&self, client: &mut impl GenericClient) -> Result<Option<String>, Fault> {
        let column = &self.column;
        Ok(self.way.go(client)?.map(|lost| match lost {
            Lost::Changed { was, is } => format!("`{column}` {} comes back as {}", shown(was), shown(is)),
            Lost::Refused(why) => format!("`{column}` of some row cannot come back: {why}"),
        }))
    }
}

fn shown(value: Option<String>) -> String {
    const LONGEST: usize = 48;
    let Some(value) = value else { return "null".to_owned() };
    match value.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("'{}…' ({} characters)", &value[..end], value.chars().count()),
        None => format!("'{value}'"),
    }
}

fn finding(message: &str, span: Span) -> Diagnostic {
    let help = "let the translation keep such values, change these rows first, or, if that is intended, say why: \
                `allow lossy-translation because '…'`";
    let message = format!("{message}: a row of the database has such a value");
    Diagnostic::new(Code::LossyTranslation, message, span, "on the way back").help(help)
}
