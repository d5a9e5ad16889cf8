//! The rows that a database has, as the proof asks for them.

use std::sync::Arc;

use postgres::GenericClient;

use crate::ast::Name;
use crate::catalog::{Catalog, Column, ColumnId};
use crate::data::Type;
use crate::engine::Fault;
use crate::engine::postgres::Server;
use crate::engine::postgres::inspect::rows::{Look, Places};
use crate::plan::assumed::{assumed, plan_with};
use crate::plan::{Origin, Plan, Question, Sample, Samples};
use crate::prove;

/// Answers may lead to further questions, so many times.
const MOST_ROUNDS: usize = 3;

/// Reads some rows of each table that a plan starts from, and asks about all of them what the proof would like to know.
/// Nothing is changed.
///
/// # Errors
/// The connection is lost.
pub(super) fn look(client: &mut impl GenericClient, plan: &mut Plan, server: &Server) -> Result<(), Fault> {
    let start = plan.start.clone();
    let known = Known { start: &start, server };
    let mut samples = (*plan.samples).clone();
    let mut look = Look::new(client);
    for table in start.tables() {
        let Some(relation) = server.relation(&table.name) else { continue };
        let is_there = |column: &&Column| relation.column(&column.name).is_some();
        let all: Vec<&Column> = table.columns().filter(is_there).collect();
        samples.can_ask(all.iter().map(|column| column.id));
        if table.beside {
            continue;
        }
        let columns: Vec<&Column> = all.into_iter().filter(|column| column.ty != Type::Unknown).collect();
        let asked: Vec<(Name, Type)> = columns.iter().map(|column| (column.name.clone(), column.ty)).collect();
        if let Some(read) = look.sample(&relation.qualified(), &asked)? {
            let columns: Vec<ColumnId> = columns.iter().map(|column| column.id).collect();
            let (rows, whole) = (read.rows, read.whole);
            samples.add(table.name.clone(), Sample { origin: Origin::Database, columns, rows, whole });
        }
    }
    plan.samples = Arc::new(samples);
    for _ in 0..MOST_ROUNDS {
        let questions = questions(plan);
        if questions.is_empty() {
            break;
        }
        let mut samples: Samples = (*plan.samples).clone();
        for question in questions {
            let seen = look.ask(&question, &known)?;
            samples.answer(question, seen);
        }
        plan.samples = Arc::new(samples);
    }
    Ok(())
}

/// What is not known of the rows; of a plan that declares no application, under those that it is assumed to have.
fn questions(plan: &Plan) -> Vec<Question> {
    if !plan.apps.is_empty() {
        return prove::questions(plan);
    }
    let assumed = assumed(plan).filter(|_| plan.steps.len() <= crate::check::MOST_ADVISED);
    assumed.map_or_else(Vec::new, |assumed| prove::questions(&plan_with(plan, &assumed).plan))
}

/// Tables as the plan and the database know them.
struct Known<'a> {
    start: &'a Catalog,
    server: &'a Server,
}

impl Places for Known<'_> {
    fn relation(&self, table: &Name) -> String {
        self.server.qualified(table)
    }

    fn type_of(&self, table: &Name, column: &Name) -> Type {
        self.start.column(table, column).map_or(Type::Unknown, |column| column.ty)
    }
}
