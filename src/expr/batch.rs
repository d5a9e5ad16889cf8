//! Evaluation of many rows at once, with the outcome that going row by row has.
//!
//! Forms that stop early (`case`, `coalesce`, `and`, `or`) narrow the rows that their later operands are computed for, so
//! that a row which is not reached never fails. When anything fails, the batch is gone through row by row to find the
//! first row that does.

use std::sync::Arc;

use crate::data::{Chunk, Type, Value, ValueError};
use crate::expr::function::{Context, Function};
use crate::expr::kernels::Operand;
use crate::expr::node::{Case, Cast, Node};
use crate::expr::row::{RowScope, apply, distinct, extreme, truth};
use crate::expr::{Batch, RowError, cast};

/// Evaluates a tree for a batch.
pub(super) fn eval(node: &Node, ty: Type, batch: Batch<'_>, context: Context) -> Result<Arc<Chunk>, RowError> {
    let all: Vec<u32>;
    let rows = if let Some(selected) = batch.selected {
        selected
    } else {
        all = (0..u32::try_from(batch.rows).unwrap_or(u32::MAX)).collect();
        &all
    };
    let mut run = Evaluation { batch, locals: Vec::new(), context };
    match run.operand(node, rows) {
        Ok(operand) => Ok(run.finish(operand, ty)),
        Err(_) => row_by_row(node, ty, batch, rows, context),
    }
}

/// The batch computed row by row, up to the first row that fails.
fn row_by_row(node: &Node, ty: Type, batch: Batch<'_>, rows: &[u32], context: Context) -> Result<Arc<Chunk>, RowError> {
    let mut chunk = Chunk::repeat(ty, &Value::Null, batch.rows);
    for row in rows.iter().map(|row| *row as usize) {
        let inputs: Vec<Value> = batch.columns.iter().map(|column| column.get(row)).collect();
        let value = RowScope::new(&inputs, context).value(node).map_err(|error| RowError { row, error })?;
        chunk.set(row, &value);
    }
    Ok(Arc::new(chunk))
}

struct Evaluation<'a> {
    batch: Batch<'a>,
    locals: Vec<Operand>,
    context: Context,
}

type Computed = Result<Operand, ValueError>;

impl Evaluation<'_> {
    /// Values for at least the rows asked for; what stands at others is of no meaning.
    fn operand(&mut self, node: &Node, rows: &[u32]) -> Computed {
        match node {
            Node::Constant(value, _) => Ok(Operand::Constant(value.clone())),
            Node::Column(at, _) => Ok(match self.batch.columns.get(*at) {
                Some(column) => Operand::Chunk(Arc::clone(column)),
                None => Operand::Constant(Value::Null),
            }),
            Node::Local(at, _) => Ok(self.locals.get(*at).cloned().unwrap_or(Operand::Constant(Value::Null))),
            Node::Call(function, operands) => {
                let operands = self.operands(operands, rows)?;
                self.call(function, &operands, rows)
            }
            Node::Cast(cast) => self.cast(cast, rows),
            Node::Not(operand) => {
                let operand = self.operand(operand, rows)?;
                Ok(self.booleans(rows, |row| truth(&operand.get(row)).map(|truth| !truth)))
            }
            Node::And(operands) => self.until(operands, rows, false),
            Node::Or(operands) => self.until(operands, rows, true),
            Node::IsNull(operand) => {
                let operand = self.operand(operand, rows)?;
                Ok(self.booleans(rows, |row| Some(operand.is_null(row))))
            }
            Node::IsBool(operand, expected) => {
                let operand = self.operand(operand, rows)?;
                Ok(self.booleans(rows, |row| Some(truth(&operand.get(row)) == *expected)))
            }
            Node::Distinct(sides) => {
                let (left, right) = (self.operand(&sides.0, rows)?, self.operand(&sides.1, rows)?);
                Ok(self.booleans(rows, |row| Some(is_distinct(&left, &right, row))))
            }
            Node::Case(case) => self.case(case, rows),
            Node::Coalesce(operands, ty) => self.coalesce(operands, *ty, rows),
            Node::Extreme(operands, which, ty) => {
                let operands = self.operands(operands, rows)?;
                let value = |row| extreme(operands.iter().map(|operand| operand.get(row)).collect(), *which);
                Ok(self.each(*ty, rows, |row| Ok(value(row)))?)
            }
            Node::Let(parts) => {
                let local = self.operand(&parts.0, rows)?;
                self.locals.push(local);
                let result = self.operand(&parts.1, rows);
                self.locals.pop();
                result
            }
        }
    }

    fn operands(&mut self, nodes: &[Node], rows: &[u32]) -> Result<Vec<Operand>, ValueError> {
        nodes.iter().map(|node| self.operand(node, rows)).collect()
    }

    /// A chunk of `compute` at the rows asked for, null elsewhere.
    fn each(&self, ty: Type, rows: &[u32], mut compute: impl FnMut(usize) -> Computing) -> Computed {
        let mut chunk = Chunk::with_capacity(ty, self.batch.rows, 0);
        for row in rows.iter().map(|row| *row as usize) {
            fill_to(&mut chunk, row);
            chunk.push(&compute(row)?);
        }
        fill_to(&mut chunk, self.batch.rows);
        Ok(Operand::Chunk(Arc::new(chunk)))
    }

    fn booleans(&self, rows: &[u32], compute: impl Fn(usize) -> Option<bool>) -> Operand {
        let mut chunk = Chunk::with_capacity(Type::Boolean, self.batch.rows, 0);
        for row in rows.iter().map(|row| *row as usize) {
            fill_to(&mut chunk, row);
            chunk.push(&compute(row).map_or(Value::Null, Value::Boolean));
        }
        fill_to(&mut chunk, self.batch.rows);
        Operand::Chunk(Arc::new(chunk))
    }

    fn call(&self, function: &Function, operands: &[Operand], rows: &[u32]) -> Computed {
        let constants: Option<Vec<Value>> = operands
            .iter()
            .map(|operand| if let Operand::Constant(value) = operand { Some(value.clone()) } else { None })
            .collect();
        if let (Some(constants), false) = (constants, rows.is_empty()) {
            return Ok(Operand::Constant(apply(function, &constants, self.context)?));
        }
        let is_null = |operand: &Operand| matches!(operand, Operand::Constant(Value::Null));
        if rows.is_empty() || (function.is_strict() && operands.iter().any(is_null)) {
            return Ok(Operand::Constant(Value::Null));
        }
        if let Some(chunk) = function.kernel.and_then(|kernel| kernel(operands, self.batch.rows)) {
            return Ok(Operand::Chunk(Arc::new(chunk)));
        }
        let mut values = Vec::with_capacity(operands.len());
        self.each(function.result, rows, |row| {
            values.clear();
            values.extend(operands.iter().map(|operand| operand.get(row)));
            apply(function, &values, self.context)
        })
    }

    fn cast(&mut self, node: &Cast, rows: &[u32]) -> Computed {
        let operand = self.operand(&node.operand, rows)?;
        let from = node.operand.ty();
        // Lengths and precisions are checked; a wider or missing one changes nothing.
        if from.same_storage(node.to) && node.to == node.to.unconstrained() {
            return Ok(operand);
        }
        match operand {
            Operand::Constant(value) if !rows.is_empty() => {
                Ok(Operand::Constant(cast::convert(value, node.to, node.explicit)?))
            }
            operand => self.each(node.to, rows, |row| cast::convert(operand.get(row), node.to, node.explicit)),
        }
    }

    /// `and` (stops at false) or `or` (stops at true).
    fn until(&mut self, operands: &[Node], rows: &[u32], stop: bool) -> Computed {
        let mut outcome = vec![Some(!stop); self.batch.rows];
        let mut open = rows.to_vec();
        for node in operands {
            if open.is_empty() {
                break;
            }
            let operand = self.operand(node, &open)?;
            open.retain(|row| {
                let row = *row as usize;
                match truth(&operand.get(row)) {
                    Some(truth) if truth == stop => outcome[row] = Some(stop),
                    Some(_) => {}
                    None => outcome[row] = None,
                }
                outcome[row] != Some(stop)
            });
        }
        Ok(self.booleans(rows, |row| outcome[row]))
    }

    fn case(&mut self, case: &Case, rows: &[u32]) -> Computed {
        let mut pieces = Pieces::new(self.batch.rows);
        let mut open = rows.to_vec();
        for (when, then) in &case.arms {
            if open.is_empty() {
                break;
            }
            let condition = self.operand(when, &open)?;
            let holds = |row: &u32| truth(&condition.get(*row as usize)) == Some(true);
            let (reached, rest): (Vec<u32>, Vec<u32>) = open.into_iter().partition(holds);
            if !reached.is_empty() {
                pieces.add(self.operand(then, &reached)?, &reached);
            }
            open = rest;
        }
        if let (Some(otherwise), false) = (&case.otherwise, open.is_empty()) {
            pieces.add(self.operand(otherwise, &open)?, &open);
        }
        Ok(pieces.join(case.ty, rows.len()))
    }

    fn coalesce(&mut self, nodes: &[Node], ty: Type, rows: &[u32]) -> Computed {
        let mut pieces = Pieces::new(self.batch.rows);
        let mut open = rows.to_vec();
        for node in nodes {
            if open.is_empty() {
                break;
            }
            let operand = self.operand(node, &open)?;
            let (known, rest): (Vec<u32>, Vec<u32>) = open.into_iter().partition(|row| !operand.is_null(*row as usize));
            pieces.add(operand, &known);
            open = rest;
        }
        Ok(pieces.join(ty, rows.len()))
    }

    /// The result as a chunk in which rows that were not asked for are null.
    fn finish(&self, operand: Operand, ty: Type) -> Arc<Chunk> {
        match (operand, self.batch.selected) {
            (Operand::Chunk(chunk), None) => chunk,
            (Operand::Constant(value), None) => Arc::new(Chunk::repeat(ty, &value, self.batch.rows)),
            (operand, Some(selected)) => {
                let mut pieces = Pieces::new(self.batch.rows);
                pieces.add(operand, selected);
                pieces.copied(ty)
            }
        }
    }
}

type Computing = Result<Value, ValueError>;

fn fill_to(chunk: &mut Chunk, rows: usize) {
    while chunk.len() < rows {
        chunk.push_null();
    }
}

fn is_distinct(left: &Operand, right: &Operand, row: usize) -> bool {
    match (left, right) {
        (Operand::Chunk(left), Operand::Chunk(right)) if left.ty().same_storage(right.ty()) => {
            !left.same(row, right, row)
        }
        _ => distinct(&left.get(row), &right.get(row)),
    }
}

/// A result put together from operands, each of which has some of the rows.
struct Pieces {
    operands: Vec<(Operand, usize)>,
    /// For each row the number of its operand; none for null.
    sources: Vec<Option<usize>>,
}

impl Pieces {
    fn new(rows: usize) -> Self {
        Self { operands: Vec::new(), sources: vec![None; rows] }
    }

    fn add(&mut self, operand: Operand, rows: &[u32]) {
        for row in rows {
            self.sources[*row as usize] = Some(self.operands.len());
        }
        self.operands.push((operand, rows.len()));
    }

    /// The one operand that has all `rows`, or a chunk with the values of each.
    fn join(mut self, ty: Type, rows: usize) -> Operand {
        match self.operands.iter().position(|(_, count)| *count == rows) {
            Some(whole) => self.operands.swap_remove(whole).0,
            None => Operand::Chunk(self.copied(ty)),
        }
    }

    fn copied(&self, ty: Type) -> Arc<Chunk> {
        let mut chunk = Chunk::with_capacity(ty, self.sources.len(), 0);
        for (row, source) in self.sources.iter().enumerate() {
            match source.map(|at| &self.operands[at].0) {
                Some(Operand::Chunk(piece)) => chunk.push_from(piece, row),
                Some(Operand::Constant(value)) => chunk.push(value),
                None => chunk.push_null(),
            }
        }
        Arc::new(chunk)
    }
}
