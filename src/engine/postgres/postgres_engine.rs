//! A plan on a real database: statement by statement, operation by operation, each recorded as it is done.

use std::sync::Arc;

use postgres::Transaction;

use super::journal::Fence;
use super::journal::operations::{self, KeptOperation, OperationState};
use super::journal::record::{self, StepDone};
use super::journal::runs::{self, RunRow, Stopped};
use super::operation::RowsWork;
use super::perform::perform;
use super::session::Session;
use super::translate::{Scene, operations as translated};
use super::{Lock, Server, Work, fill, inspect};
use crate::ast::{Name, Phase};
use crate::catalog::Catalog;
use crate::engine::{Applied, Engine, Fault, FaultKind, Watch};
use crate::phrase::with_rows;
use crate::plan::{Action, Plan, Step};

/// Writes something down: in a transaction, checked by a fence, of a statement of a phase.
type Write<'a> = &'a mut dyn FnMut(&mut Transaction<'_>, &Fence, Option<Phase>) -> Result<(), Fault>;

/// A database, and how far a plan has come on it. What was done, and what undoes it, lies in the database.
pub struct Postgres<'s> {
    session: &'s mut Session,
    plan: Arc<Plan>,
    /// The schema, as the plan has it now.
    catalog: Catalog,
    fence: Fence,
    /// Statements that are done.
    position: usize,
    rows: fill::Options,
}

impl<'s> Postgres<'s> {
    /// The plan of a run after its first `position` statements.
    #[must_use]
    pub fn new(session: &'s mut Session, plan: Arc<Plan>, fence: Fence, position: usize, rows: fill::Options) -> Self {
        let catalog = catalog_at(&plan, position);
        Self { session, plan, catalog, fence, position, rows }
    }

    /// The connection.
    pub fn session(&mut self) -> &mut Session {
        self.session
    }

    /// Who may write about the run.
    #[must_use]
    pub fn fence(&self) -> &Fence {
        &self.fence
    }

    /// The schema, as the plan has it now.
    #[must_use]
    pub fn catalog(&self) -> &Catalog {
        &self.catalog
    }

    /// Undoes what is done of the next statement, where it was left halfway.
    ///
    /// # Errors
    /// It cannot be undone.
    pub fn undo_halfway(&mut self, watch: Watch<'_>) -> Result<(), Fault> {
        let (run, at) = (self.fence.run, self.position);
        if at < self.plan.steps.len() && operations::has_begun(self.session.client(), run, at)? {
            self.undo_step(at, watch)?;
        }
        Ok(())
    }

    /// Writes down that everything is undone.
    ///
    /// # Errors
    /// The run was taken over, or the server refused.
    pub fn rolled_back(&mut self) -> Result<(), Fault> {
        self.in_transaction(&mut |transaction, fence, _| record::rolled_back(transaction, fence))
    }

    /// Writes down that everything is done, where no statement does so.
    ///
    /// # Errors
    /// The run was taken over, or the server refused.
    pub fn completed(&mut self) -> Result<(), Fault> {
        if !self.plan.steps.is_empty() {
            return Ok(());
        }
        self.in_transaction(&mut |transaction, fence, _| record::complete(transaction, fence))
    }

    /// Writes down why the run does not go on for now.
    ///
    /// # Errors
    /// The run was taken over, or the server refused.
    pub fn stopped(&mut self, stopped: Stopped, reason: &str) -> Result<(), Fault> {
        let at = self.position;
        self.in_transaction(&mut |transaction, fence, _| record::stopped(transaction, fence, stopped, reason, at))
    }

    /// What is kept of the run.
    ///
    /// # Errors
    /// The server was not asked.
    pub fn row(&mut self) -> Result<RunRow, Fault> {
        runs::by_id(self.session.client(), self.fence.run)
    }

    /// The operations of the next statement: those that were planned when it first began.
    fn planned(&mut self, action: &Action) -> Result<Vec<KeptOperation>, Fault> {
        let (run, step) = (self.fence.run, self.position);
        let kept = operations::of_step(self.session.client(), run, step)?;
        if kept.iter().any(|kept| kept.state != OperationState::Planned) {
            self.in_transaction(&mut |transaction, fence, phase| record::begun(transaction, fence, phase))?;
            return Ok(kept);
        }
        let server = self.look(action)?;
        let Plan { start, apps, facts, .. } = &*self.plan;
        let scene = Scene { catalog: &self.catalog, start, server: &server, apps, facts, step };
        let planned = translated(action, scene)?;
        self.in_transaction(&mut |transaction, fence, phase| {
            record::begun(transaction, fence, phase)?;
            operations::forget(transaction, fence, step)?;
            operations::plan(transaction, fence, step, &planned)
        })?;
        operations::of_step(self.session.client(), run, step)
    }

    /// What the database says of the tables of the plan now.
    fn look(&mut self, action: &Action) -> Result<Server, Fault> {
        let mut tables: Vec<Name> = self.catalog.tables().map(|table| table.name.clone()).collect();
        tables.extend(action.effect(&self.catalog).adds_table.map(|table| table.name.clone()));
        let mut server = inspect::inspect(self.session.client(), &tables)?;
        server.run = self.fence.run;
        Ok(server)
    }

    fn in_transaction(&mut self, write: Write<'_>) -> Result<(), Fault> {
        let phase = self.plan.steps.get(self.position).and_then(|step| step.phase);
        let fence = &self.fence;
        self.session.in_transaction(|transaction| write(transaction, fence, phase))
    }

    fn do_operation(
        &mut self,
        kept: &KeptOperation,
        end: Option<&Ending>,
        watch: Watch<'_>,
    ) -> Result<Option<u64>, Fault> {
        let (step, op) = (self.position, kept.op);
        if !is_one_transaction(&kept.work) && kept.state == OperationState::Planned {
            self.in_transaction(&mut |transaction, fence, _| operations::begin(transaction, fence, step, op))?;
        }
        if let Work::Rows(work) = &kept.work {
            let done = self.do_rows(work, place_of(op), watch)?;
            self.in_transaction(&mut |transaction, fence, _| {
                operations::done(transaction, fence, step, op)?;
                end.map_or(Ok(()), |end| end.write(transaction, fence, Some(done)))
            })?;
            return Ok(Some(done));
        }
        let fence = self.fence.clone();
        let mut record = |transaction: &mut Transaction<'_>| {
            operations::done(transaction, &fence, step, op)?;
            end.map_or(Ok(()), |end| end.write(transaction, &fence, None))
        };
        perform(self.session, &kept.work, &kept.locks, &mut record, watch)
    }

    fn do_rows(&mut self, work: &RowsWork, op: i32, watch: Watch<'_>) -> Result<u64, Fault> {
        let step = i32::try_from(self.position).unwrap_or(i32::MAX);
        self.rows_at(work, step, op, watch)
    }

    fn rows_at(&mut self, work: &RowsWork, step: i32, op: i32, watch: Watch<'_>) -> Result<u64, Fault> {
        let place = fill::FillId { run: self.fence.run, step, op, owner: &self.fence.owner };
        fill::run(self.session, work, place, &self.rows, watch)
    }

    /// Undoes the operations of a statement, the last first, as far as they are done.
    fn undo_step(&mut self, step: usize, watch: Watch<'_>) -> Result<(), Fault> {
        let kept = operations::of_step(self.session.client(), self.fence.run, step)?;
        for kept in kept.iter().rev().filter(|kept| kept.state != OperationState::Planned) {
            for (at, work) in kept.undo.iter().enumerate().skip(kept.undone) {
                self.undo_work(kept, (step, at), work, watch)?;
            }
        }
        let title = self.plan.steps[step].title.clone();
        self.in_transaction(&mut |transaction, fence, _| {
            operations::forget(transaction, fence, step)?;
            record::undone(transaction, fence, step, &format!("Undo {title}"))
        })?;
        self.position = step;
        self.catalog = catalog_at(&self.plan, step);
        Ok(())
    }

    fn undo_work(
        &mut self,
        kept: &KeptOperation,
        at: (usize, usize),
        work: &Work,
        watch: Watch<'_>,
    ) -> Result<(), Fault> {
        let ((step, at), op) = (at, kept.op);
        if let Work::Rows(work) = work {
            let number = i32::try_from(step).unwrap_or(i32::MAX);
            self.rows_at(work, number, place_of_undo(op, at), watch)?;
            return self.in_transaction(&mut |transaction, fence, _| {
                operations::undone(transaction, fence, (step, op), at + 1)
            });
        }
        let fence = self.fence.clone();
        let mut record =
            |transaction: &mut Transaction<'_>| operations::undone(transaction, &fence, (step, op), at + 1);
        perform(self.session, work, &locks_of(kept), &mut record, watch).map(|_| ())
    }

    /// Removes what the finished run keeps for its rollback.
    ///
    /// # Errors
    /// Something of it cannot be removed; what is left can be removed later.
    pub fn purge(&mut self, watch: Watch<'_>) -> Result<usize, Fault> {
        let mut removed = 0;
        self.in_transaction(&mut |transaction, fence, _| record::purging(transaction, fence))?;
        for step in 0..self.plan.steps.len() {
            for kept in operations::of_step(self.session.client(), self.fence.run, step)? {
                for (at, work) in kept.purge.iter().enumerate().skip(kept.purged) {
                    self.purge_work((step, kept.op, at), work, watch)?;
                    removed += 1;
                }
            }
        }
        let steps = self.plan.steps.len();
        self.in_transaction(&mut |transaction, fence, _| {
            (0..steps).try_for_each(|step| operations::forget(transaction, fence, step))?;
            record::purged(transaction, fence)
        })?;
        Ok(removed)
    }

    fn purge_work(&mut self, at: (usize, usize, usize), work: &Work, watch: Watch<'_>) -> Result<(), Fault> {
        let ((step, op, at), fence) = (at, self.fence.clone());
        let mut record =
            |transaction: &mut Transaction<'_>| operations::purged(transaction, &fence, (step, op), at + 1);
        perform(self.session, work, &[], &mut record, watch).map(|_| ())
    }

    fn ending(&self, rows: Option<u64>) -> Ending {
        let step = &self.plan.steps[self.position];
        Ending { step: step.clone(), is_last: self.position + 1 == self.plan.steps.len(), rows }
    }
}

/// The end of a statement, to be written down with its last operation.
struct Ending {
    step: Step,
    is_last: bool,
    /// Rows that the operations before the last have changed.
    rows: Option<u64>,
}

impl Ending {
    fn write(&self, transaction: &mut Transaction<'_>, fence: &Fence, rows: Option<u64>) -> Result<(), Fault> {
        let text = with_rows(&self.step.title, rows.or(self.rows).filter(|_| self.step.action.over().is_some()));
        let Step { index, phase, .. } = self.step;
        record::done(transaction, fence, &StepDone { step: index, phase, text: &text, is_last: self.is_last })
    }
}

impl Engine for Postgres<'_> {
    /// The number of the statement.
    type Undo = usize;

    fn apply(&mut self, action: &Action, watch: Watch<'_>) -> Result<Applied<usize>, Fault> {
        if self.position >= self.plan.steps.len() {
            return Err(Fault::new(FaultKind::Server, "the plan has no more statements"));
        }
        let step = self.position;
        let planned = self.planned(action)?;
        let mut rows = None;
        let left: Vec<&KeptOperation> = planned.iter().filter(|kept| kept.state != OperationState::Done).collect();
        for (at, kept) in left.iter().enumerate() {
            let end = (at + 1 == left.len()).then(|| self.ending(rows));
            let done = self.do_operation(kept, end.as_ref(), watch)?;
            rows = done.or(rows);
        }
        if left.is_empty() {
            let end = self.ending(None);
            self.in_transaction(&mut |transaction, fence, _| end.write(transaction, fence, None))?;
        }
        self.catalog.apply(action);
        self.position += 1;
        Ok(Applied { rows: rows.filter(|_| action.over().is_some()), undo: step })
    }

    fn undo(&mut self, undo: usize, watch: Watch<'_>) -> Result<(), Fault> {
        self.undo_step(undo, watch)
    }
}

impl std::fmt::Debug for Postgres<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Postgres")
            .field("run", &self.fence.run)
            .field("position", &self.position)
            .finish_non_exhaustive()
    }
}

/// The schema after the first statements of a plan.
fn catalog_at(plan: &Plan, position: usize) -> Catalog {
    let mut catalog = plan.start.clone();
    plan.steps.iter().take(position).for_each(|step| catalog.apply(&step.action));
    catalog
}

/// Whether work and its record are one transaction, so that it cannot be left halfway.
fn is_one_transaction(work: &Work) -> bool {
    matches!(work, Work::Nothing | Work::Ddl(_) | Work::Scan(_) | Work::Verify { .. })
}

fn place_of(op: usize) -> i32 {
    i32::try_from(op).unwrap_or(i32::MAX)
}

/// Where the ranges of an undoing are kept, apart from those of what it undoes.
fn place_of_undo(op: usize, at: usize) -> i32 {
    const MOST_WORKS: usize = 1000;
    -1 - place_of(op * MOST_WORKS + at)
}

fn locks_of(kept: &KeptOperation) -> Vec<Lock> {
    kept.locks.clone()
}
