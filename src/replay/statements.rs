//! What the run does: statements that end, the visits of a fill or a copy to one row, and their undoing.

use std::ops::ControlFlow;

use crate::ast::Name;
use crate::data::{Type, Value};
use crate::engine::{Engine, Fault};
use crate::expr::Expression;
use crate::plan::Action;
use crate::replay::stage::{Owner, Stage, missing};

/// What a visit did to its row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Visited {
    /// It was filled, or copied.
    Treated,
    /// The condition left it out, or there was nothing to do.
    LeftOut,
}

impl Stage {
    /// Ends the statements before a position that the schedule passes over.
    pub(super) fn catch_up(&mut self, position: usize) -> Result<(), Fault> {
        while self.done < position.min(self.plan.steps.len()) {
            let step = self.done;
            for owner in [Owner::Row, Owner::Other] {
                self.visit(owner, step)?;
            }
            self.end(step)?;
        }
        Ok(())
    }

    /// Ends a statement. Of a fill, nothing is left to do but with rows that no event tells of.
    pub(super) fn end(&mut self, step: usize) -> Result<(), Fault> {
        let action = self.action(step)?;
        match over(&action) {
            None => self.apply(step, &action)?,
            Some(table) => {
                for number in self.rows_of(Owner::Beside, &table) {
                    self.treat(step, &action, &table, number)?;
                }
                if !self.other_visited {
                    self.visit(Owner::Other, step)?;
                }
                self.apply(step, &narrowed(&action, Some(never())))?;
            }
        }
        if let Action::AddTable(table) = &action {
            self.forget(&table.name);
        }
        self.other_visited = false;
        self.done = step + 1;
        Ok(())
    }

    /// A fill or a copy comes by somebody's row.
    pub(super) fn visit(&mut self, owner: Owner, step: usize) -> Result<Visited, Fault> {
        let action = self.action(step)?;
        let Some(table) = over(&action) else { return Ok(Visited::LeftOut) };
        self.other_visited |= owner == Owner::Other;
        let Some(number) = self.row_of(owner, &table) else { return Ok(Visited::LeftOut) };
        let visited = self.treat(step, &action, &table, number)?;
        self.claim(owner);
        Ok(visited)
    }

    fn treat(&mut self, step: usize, action: &Action, table: &Name, number: usize) -> Result<Visited, Fault> {
        let filter = match action {
            Action::Fill { filter, .. } | Action::Copy { filter, .. } => filter.as_ref(),
            _ => None,
        };
        if !self.holds(table, number, filter)? {
            return Ok(Visited::LeftOut);
        }
        let only = self.only(table, number)?;
        let rows = self.apply_counted(step, &narrowed(action, only))?;
        Ok(if rows == Some(0) { Visited::LeftOut } else { Visited::Treated })
    }

    fn apply(&mut self, step: usize, action: &Action) -> Result<(), Fault> {
        self.apply_counted(step, action).map(|_| ())
    }

    fn apply_counted(&mut self, step: usize, action: &Action) -> Result<Option<u64>, Fault> {
        let applied = self.memory.apply(action, &mut |_| ControlFlow::Continue(()))?;
        self.undos.push((step, applied.undo));
        Ok(applied.rows)
    }

    /// Rolls a statement back, and those after it that the schedule passes over.
    pub(super) fn undo(&mut self, step: usize) -> Result<(), Fault> {
        while let Some((_, undo)) = self.undos.pop_if(|(of, _)| *of >= step) {
            self.memory.undo(undo, &mut |_| ControlFlow::Continue(()))?;
        }
        self.done = step;
        Ok(())
    }

    fn action(&self, step: usize) -> Result<Action, Fault> {
        let step = self.plan.steps.get(step).ok_or_else(|| missing(format!("there is no statement {}", step + 1)))?;
        Ok(step.action.clone())
    }
}

/// The table whose rows an action processes one by one.
pub(super) fn over(action: &Action) -> Option<Name> {
    match action {
        Action::Fill { table, .. } => Some(table.clone()),
        Action::Copy { from, .. } => Some(from.clone()),
        _ => None,
    }
}

/// The same action on the rows of another condition.
fn narrowed(action: &Action, only: Option<Expression>) -> Action {
    let mut action = action.clone();
    if let Action::Fill { filter, .. } | Action::Copy { filter, .. } = &mut action {
        *filter = only;
    }
    action
}

fn never() -> Expression {
    Expression::constant(Value::Boolean(false), Type::Boolean)
}
